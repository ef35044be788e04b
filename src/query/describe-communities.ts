import { messageOf } from "../errors.ts";
import { matches } from "../filter/matches.ts";
import { centralSentences, type CommunityPassage } from "../graph/central-sentences.ts";
import type { FoundCommunity } from "../graph/found-communities.ts";
import type { TokenUsage } from "../ports/language-model.ts";
import type { Chunk, Community, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import { verifyQuotes } from "./cite.ts";
import { withDeadline } from "./deadline.ts";
import type { QueryPlan } from "./plan.ts";
import type { QueryPorts } from "./query-ports.ts";
import { addTokens, noTokens } from "../ports/token-usage.ts";

/** Communities of a question that are described, those of the best passages. */
const mostCommunities = 6;
/** Passages of a community that its summary is made of. */
const summarized = 5;
const quotesEach = 2;
const namesShown = 10;
/** Its first names, of which statements are read. */
const namesAsked = 2;
const statementsRead = 50;
const relationsShown = 3;
/** Of the query's time, what a model may take to summarise. */
const modelShare = 0.5;

export interface DescribedCommunities {
  readonly communities: readonly Community[];
  readonly warnings: readonly Warning[];
  /** Of the model that summarised. */
  readonly usage: TokenUsage;
}

/** A community with its passages as they are read now: what was hidden or deleted since neither shows nor counts. */
interface ReadCommunity {
  readonly weights: ReadonlyMap<string, number>;
  readonly labels: ReadonlyMap<string, number>;
  readonly passages: readonly CommunityPassage[];
  readonly whole: FoundCommunity["whole"];
}

/**
 * The communities with their most central sentences, each checked against the stored source as a citation is, and
 * with summaries by a model where one is to write them. The first `most` of them, six by default.
 */
export async function describeCommunities(
  ports: Pick<QueryPorts, "store" | "communitySummary">,
  scope: Scope,
  plan: Pick<QueryPlan, "filter" | "deadline_ms">,
  found: readonly FoundCommunity[],
  signal: AbortSignal,
  most: number = mostCommunities,
): Promise<DescribedCommunities> {
  const read = await readCommunities(ports, scope, plan, found.slice(0, most), signal);
  if (read.length === 0) return { communities: [], warnings: [], usage: noTokens };
  const [quoted, written, relations] = await Promise.all([
    quotedCommunities(ports, scope, read, signal),
    writtenSummaries(ports, plan, read, signal),
    Promise.all(read.map((one) => relationsOf(ports, scope, plan, one, signal))),
  ]);
  return {
    communities: quoted.communities.flatMap((quotedOne, at) => {
      const community = { ...quotedOne, relations: relations[at]! };
      const summary = written.summaries[at];
      if (summary) return [{ ...community, summary, summarized_by: "model" as const }];
      return community.quotes.length === 0 ? [] : [community];
    }),
    warnings: [...quoted.warnings, ...written.warnings],
    usage: written.usage,
  };
}

async function readCommunities(
  { store }: Pick<QueryPorts, "store">,
  scope: Scope,
  { filter }: Pick<QueryPlan, "filter">,
  found: readonly FoundCommunity[],
  signal: AbortSignal,
): Promise<readonly ReadCommunity[]> {
  const ids = found.flatMap(({ members }) => members.map(({ chunk_id }) => chunk_id));
  const chunks = ids.length === 0 ? [] : await store.chunks.get(scope, ids, { signal });
  const readable = new Map(
    chunks.filter((chunk) => filter === null || matches(filter, chunk)).map((chunk) => [chunk.chunk_id, chunk]),
  );
  return found.flatMap(({ weights, labels = weights, members, whole }) => {
    const passages = members.flatMap(({ chunk_id, mentions }) => {
      const chunk = readable.get(chunk_id);
      return chunk ? [{ chunk, mentions }] : [];
    });
    return passages.length === 0 ? [] : [{ weights, labels, passages, whole }];
  });
}

async function quotedCommunities(
  { store }: Pick<QueryPorts, "store">,
  scope: Scope,
  read: readonly ReadCommunity[],
  signal: AbortSignal,
) {
  const sentences = read.map(({ weights, passages, whole }) =>
    centralSentences(whole ? passages : passages.slice(0, summarized), weights, quotesEach),
  );
  const { verdicts, warnings } = await verifyQuotes(store, scope, sentences.flat(), signal);
  let next = 0;
  const communities = read.map((one, at): Omit<Community, "relations"> => {
    const own = verdicts.slice(next, (next += sentences[at]!.length));
    const quotes = own.flatMap((citation) => {
      if (citation === null) return [];
      const { marker: _, ...quote } = citation;
      return [quote];
    });
    return {
      names: namesOf(one),
      passages: one.passages.length,
      ...one.whole,
      summary: quotes.map(({ quote }) => quote.replaceAll(/\s+/g, " ")).join(" "),
      summarized_by: "quotes",
      quotes,
    };
  });
  return { communities, warnings };
}

/** As the best passage writes them, of those that a readable passage has; that which tells most of it first. */
function writtenNames({ labels, passages }: ReadCommunity): readonly (readonly [entity: string, name: string])[] {
  const written = new Map<string, string>();
  for (const { entity, name } of passages.flatMap(({ mentions }) => mentions))
    if (labels.has(entity) && !written.has(entity)) written.set(entity, name);
  return [...written].toSorted(([a], [b]) => labels.get(b)! - labels.get(a)! || (a < b ? -1 : 1));
}

const namesOf = (one: ReadCommunity): readonly string[] =>
  writtenNames(one)
    .slice(0, namesShown)
    .map(([, name]) => name);

async function relationsOf(
  { store: { graph } }: Pick<QueryPorts, "store">,
  scope: Scope,
  { filter }: Pick<QueryPlan, "filter">,
  one: ReadCommunity,
  signal: AbortSignal,
): Promise<Community["relations"]> {
  const asked = writtenNames(one).slice(0, namesAsked);
  const isOwn = (entity: string): boolean => one.labels.has(entity) || one.weights.has(entity);
  const found = await Promise.all(
    asked.map(([entity]) => graph.neighbours(scope, { entity, limit: statementsRead, filter }, { signal })),
  );
  const own = found.flat().filter(({ source_entity, target_entity }) => isOwn(source_entity) && isOwn(target_entity));
  const relations = new Map(
    own.map(({ source_entity, type, target_entity, description, weight }) => [
      JSON.stringify([source_entity, type, target_entity]),
      { weight, relation: { source_entity, type, target_entity, description } },
    ]),
  );
  return [...relations.values()]
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, relationsShown)
    .map(({ relation }) => relation);
}

/** Null where nothing was to be written or nothing came. */
async function writtenSummaries(
  { communitySummary: write }: Pick<QueryPorts, "communitySummary">,
  { deadline_ms }: Pick<QueryPlan, "deadline_ms">,
  read: readonly ReadCommunity[],
  signal: AbortSignal,
) {
  if (!write) return { summaries: [], warnings: [], usage: noTokens };
  const given = (one: ReadCommunity): readonly Chunk[] => one.passages.slice(0, summarized).map(({ chunk }) => chunk);
  const settled = await Promise.allSettled(
    read.map((one) => withDeadline(deadline_ms * modelShare, signal, (ends) => write(given(one), ends))),
  );
  signal.throwIfAborted();
  const failed = settled.filter((outcome) => outcome.status === "rejected");
  const done = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
  return {
    summaries: settled.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.summary : null)),
    warnings: failed.length === 0 ? [] : [notWritten(failed.length, read.length, failed[0]!.reason)],
    usage: done.reduce((sum, { usage }) => addTokens(sum, usage), noTokens),
  };
}

const notWritten = (failed: number, all: number, error: unknown): Warning => ({
  code: "community_summary_unavailable",
  message: `The model summarised ${all - failed} of ${all} communities; the others show their sentences: ${messageOf(error)}`,
});
