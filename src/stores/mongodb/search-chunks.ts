import type { Candidate, ChunkSearch, ChunkSearchResult, NativeScore } from "../../ports/chunk-store.ts";
import type { Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { allowedChunks, type Allowed } from "./allowed.ts";
import { bm25Scorer } from "./bm25.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { chunkOf, cosine, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { queryWords, type QueryWords } from "./query-words.ts";
import { findNatively, rankAsListed, requireNative } from "./native-fusion.ts";
import {
  findByVector,
  findByWords,
  holdsAll,
  rankByVector,
  rankByWords,
  type Asked,
  type Found,
  type RankedRow,
  type Ranking,
} from "./search-legs.ts";
import { behind } from "./settle.ts";
import { currentBatches } from "./visible-rows.ts";

/** Both legs at once, each over what scope and filter allow; the filter is inside the search. */
export async function searchChunks(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  signal: AbortSignal | undefined,
): Promise<ChunkSearchResult> {
  if (request.vector) checkVector(request.vector, context.identity?.dimensions ?? null, "/vector");
  if (request.vector || request.text) await context.profile.requireReady();
  if (request.native) await requireNative(context, request.native);
  return context.searches.take(signal, () => search(context, scope, request, signal));
}

/** How often a search that met a change of version is repeated. */
const attempts = 12;

/** Searches, and searches again when a document changed its version in between: versions are never mixed. */
async function search(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  signal: AbortSignal | undefined,
): Promise<ChunkSearchResult> {
  const [allowed, words, missing] = await Promise.all([
    allowedChunks(context, scope, request.filter, signal),
    request.text ? queryWords(context, scope.tenant, request.text, signal) : null,
    behind(context, scope.tenant),
  ]);
  const answered = (
    legs: Legs,
    bodies: ReadonlyMap<string, ChunkRow>,
    scores: Fused | undefined,
  ): ChunkSearchResult => ({
    ...resultOf(context, request, allowed, words, legs, bodies, scores),
    ...(missing === 0 ? {} : { behind: missing }),
    ...(context.profile.stale.length === 0 ? {} : { warnings: context.profile.stale.map(staleWarning) }),
  });
  const asked = { context, scope, request, allowed, signal };
  for (let attempt = 1; ; attempt++) {
    const { vector, text, scores } = await find(asked, words);
    failIfAllFailed([vector, text]);
    const legs = rank(context, request, allowed, words, { vector, text });
    const [current, bodies] = await Promise.all([
      currentRows(context, scope, [...(vector?.rows ?? []), ...(text?.rows ?? [])], signal),
      readBodies(context, scope, request, legs, signal),
    ]);
    const isWhole = current.isWhole && bodies.size === chosenOf(legs).size;
    if (isWhole) return answered(legs, bodies, scores);
    if (attempt < attempts) continue;
    const seen = rank(context, request, allowed, words, { vector: current.of(vector), text: current.of(text) });
    return answered(seen, await readBodies(context, scope, request, seen, signal), scores);
  }
}

const staleWarning = (index: string): Warning => ({
  code: "search_stale",
  message:
    `The search index ${index} no longer follows the writes, so what is new is not found; ` +
    "run hybridrag indexes status.",
});

type Fused = ReadonlyMap<string, NativeScore>;

/** Both legs at once, each by a command of its own or both by one that fuses them. */
async function find(
  asked: Asked,
  words: QueryWords | null,
): Promise<{ readonly vector: Found | null; readonly text: Found | null; readonly scores?: Fused }> {
  const { vector, native } = asked.request;
  if (native && vector && words) return findNatively(asked, words, native);
  const [byVector, byWords] = await Promise.all([
    vector ? findByVector(asked) : null,
    words ? findByWords(asked, words) : null,
  ]);
  return { vector: byVector, text: byWords };
}

interface Leg {
  readonly found: Found;
  readonly ranking: Ranking;
}

interface Legs {
  readonly vector: Leg | null;
  readonly text: Leg | null;
}

function rank(
  context: Context,
  request: ChunkSearch,
  allowed: Allowed,
  words: QueryWords | null,
  { vector, text }: { readonly vector: Found | null; readonly text: Found | null },
): Legs {
  const isShown = (row: RankedRow): boolean => allowed.admits(row) && holdsAll(context, row, words!);
  const rankText = (found: Found): Ranking =>
    request.native && request.vector
      ? rankAsListed(found, words!, isShown)
      : rankByWords(context, request, allowed, words!, found);
  return {
    vector: vector && { found: vector, ranking: rankByVector(request, allowed, vector) },
    text: text && { found: text, ranking: rankText(text) },
  };
}

function failIfAllFailed(found: readonly (Found | null)[]): void {
  const asked = found.filter((leg) => leg !== null);
  const [first] = asked;
  if (first?.error && asked.every((leg) => leg.error !== null)) throw first.error;
}

/** Which of these rows belong to the version that their document has now. */
async function currentRows(
  context: Context,
  scope: Scope,
  found: readonly RankedRow[],
  signal: AbortSignal | undefined,
): Promise<{ readonly isWhole: boolean; readonly of: (leg: Found | null) => Found | null }> {
  const batches = await currentBatches(context, scope, found, signal);
  const isCurrent = (row: RankedRow): boolean => batches.get(row.document_id) === row.batch;
  return {
    isWhole: found.every(isCurrent),
    of: (leg) => leg && { ...leg, rows: leg.rows.filter(isCurrent) },
  };
}

/** The union of both legs' hits, by `_id`. */
const chosenOf = ({ vector, text }: Legs): ReadonlyMap<string, RankedRow> =>
  new Map([...(vector?.ranking.hits ?? []), ...(text?.ranking.hits ?? [])].map(({ row }) => [row._id, row]));

const body = {
  _id: 1,
  chunk_id: 1,
  document_id: 1,
  ordinal: 1,
  title: 1,
  source: 1,
  content: 1,
  span: 1,
  heading_path: 1,
  token_count: 1,
  metadata_json: 1,
} as const;

/** With both legs, the cosine of what only the words found is computed from its vector. */
const needsVectors = ({ withVectors, vector, text }: ChunkSearch): boolean =>
  withVectors === true || (vector !== null && text !== null);

/** Each chosen row's body, once. */
async function readBodies(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  legs: Legs,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ChunkRow>> {
  const ids = [...chosenOf(legs).keys()];
  if (ids.length === 0) return new Map();
  const found = await rows(context, collections.chunks)
    .find({ "metadata.tenant_id": scope.tenant, _id: { $in: ids } }, { signal, batchSize: 1000 })
    .project<ChunkRow>(needsVectors(request) ? { ...body, [context.generation.vector]: 1 } : body)
    .toArray();
  return new Map(found.map((row) => [row._id, row]));
}

function resultOf(
  context: Context,
  request: ChunkSearch,
  allowed: Allowed,
  words: QueryWords | null,
  legs: Legs,
  bodies: ReadonlyMap<string, ChunkRow>,
  scores: Fused | undefined,
): ChunkSearchResult {
  const { vector, text } = legs;
  const reportOf = ({ found, ranking }: Leg) => ({
    milliseconds: found.milliseconds,
    moments: found.error ? null : ranking.moments,
    error: found.error,
  });
  return {
    candidates: candidatesOf(context, request, words, legs, bodies, scores),
    vector: vector && reportOf(vector),
    text: text && {
      ...reportOf(text),
      matched: text.ranking.matched,
      terms: words!.report,
      corpusSize: words!.weights.corpus.chunks,
      repairs: words!.repairs,
    },
    allowed: allowed.count,
  };
}

function candidatesOf(
  context: Context,
  request: ChunkSearch,
  words: QueryWords | null,
  legs: Legs,
  bodies: ReadonlyMap<string, ChunkRow>,
  scores: Fused | undefined,
): readonly Candidate[] {
  const vectorRanks = ranksOf(legs.vector);
  const textRanks = ranksOf(legs.text);
  const scored = words === null || legs.text?.found.error ? null : bm25Scorer(words.groups, words.weights);
  return [...chosenOf(legs).values()].flatMap((row): readonly Candidate[] => {
    const whole = bodies.get(row._id);
    if (whole === undefined) return [];
    const inVector = vectorRanks.get(row._id);
    const inText = textRanks.get(row._id);
    const stored = vectorOf(whole, context.generation);
    const native = scores?.get(row._id);
    return [
      {
        chunk: chunkOf(whole),
        cosine: inVector?.score ?? (stored && request.vector && cosine(stored, request.vector)),
        bm25: inText?.score ?? scored?.(row) ?? null,
        vectorRank: inVector?.rank ?? null,
        textRank: inText?.rank ?? null,
        ...(stored && request.withVectors ? { vector: stored } : {}),
        ...(native === undefined ? {} : { native }),
      },
    ];
  });
}

const ranksOf = (leg: Leg | null): ReadonlyMap<string, { readonly score: number; readonly rank: number }> =>
  new Map(leg?.ranking.hits.map(({ row, score }, index) => [row._id, { score, rank: index + 1 }]));
