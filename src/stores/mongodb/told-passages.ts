import type { LinkedPassage, LinkRequest } from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { bm25Scorer, wordMask } from "./bm25.ts";
import { cosineTo, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { distinct, isTitle } from "./derive-graph.ts";
import type { LinkRow } from "./link-rows.ts";
import type { Neighbourhood } from "./neighbourhood.ts";
import { currentBatches, readUnchecked } from "./visible-rows.ts";

/**
 * What links tell of the passages that they reach; each is read once. Null where a row that was read is of a version that
 * is no longer current.
 */
export type ToldPassages = (
  request: LinkRequest,
  reached: readonly string[],
) => Promise<readonly LinkedPassage[] | null>;

type Scores = Pick<LinkedPassage, "cosine" | "bm25" | "mask">;
type ScoredRow = Pick<
  ChunkRow,
  "chunk_id" | "document_id" | "batch" | "metadata_json" | "terms" | "vector" | "vector_2"
>;

/** The passages are scored and their versions asked for in one round trip. */
export function toldPassages(
  context: Context,
  scope: Scope,
  { rows }: Pick<Neighbourhood, "rows">,
  signal: AbortSignal | undefined,
): ToldPassages {
  const known = new Map<string, Scores>();
  const batches = new Map<string, string>();

  async function learnScores(request: LinkRequest, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const [found, scoresOf] = await Promise.all([
      readUnchecked<ScoredRow>(context, scope, { chunk_id: { $in: ids } }, projection(context, scope, request), signal),
      scorer(context, scope, request, signal),
    ]);
    for (const row of found) {
      if (rows.get(row.chunk_id)?.batch === row.batch) known.set(row.chunk_id, scoresOf(row));
    }
  }

  async function learnBatches(read: readonly LinkRow[]): Promise<void> {
    const unknown = read.filter((row) => !batches.has(row.document_id));
    for (const [document, batch] of await currentBatches(context, scope, unknown, signal)) batches.set(document, batch);
  }

  return async (request, reached) => {
    const read = [...rows.values()];
    const unread = reached.filter((id) => !known.has(id));
    await Promise.all([learnScores(request, unread), learnBatches(read)]);
    const isCurrent = (row: LinkRow): boolean => batches.get(row.document_id) === row.batch;
    if (!read.every(isCurrent) || !reached.every((id) => known.has(id))) return null;
    return reached.map((chunk_id) => ({
      chunk_id,
      ...known.get(chunk_id)!,
      entities: mentionedIn(rows.get(chunk_id)!, request.except),
    }));
  };
}

const projection = (
  { generation }: Context,
  scope: Scope,
  { vector }: LinkRequest,
): Readonly<Record<string, 0 | 1>> => ({
  chunk_id: 1,
  document_id: 1,
  batch: 1,
  ...(scope.principals === "all" ? {} : { metadata_json: 1 }),
  "terms.body": 1,
  "terms.title": 1,
  ...(vector === null ? {} : { [generation.vector]: 1 }),
});

async function scorer(
  context: Context,
  scope: Scope,
  request: LinkRequest,
  signal: AbortSignal | undefined,
): Promise<(row: ScoredRow) => Scores> {
  const terms = [...new Set(request.terms)];
  const entries = terms.flatMap((term) => [`b${term}`, `t${term}`]);
  const [corpus, frequencies] = await Promise.all([
    context.statistics.corpus(context, scope.tenant),
    context.statistics.frequencies(context, scope.tenant, entries, signal),
  ]);
  const groups = terms.map((term) => ({ terms: [term], times: 1 }));
  const bm25 = bm25Scorer(groups, { corpus, frequencies });
  const maskOf = wordMask(request.terms);
  const cosine = request.vector === null ? null : cosineTo(request.vector);
  return (row) => {
    const stored = cosine && vectorOf(row, context.generation);
    return { cosine: stored ? cosine!(stored) : null, bm25: bm25(row), mask: maskOf(row.terms.body) };
  };
}

/** Ordered by name; a name may be both title and part of the body: then it is the title. */
function mentionedIn(row: LinkRow, asked: readonly string[]): LinkedPassage["entities"] {
  const own = row.mentions.map((mention) => mention.entity).filter((entity) => asked.includes(entity));
  return distinct(own).map((entity) => ({
    entity,
    title: row.mentions.some((mention) => mention.entity === entity && isTitle(mention)),
  }));
}
