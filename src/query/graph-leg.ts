import { evidenceSentences, pointingSentence } from "../graph/evidence-sentence.ts";
import { type GlobalResult, globalSearch } from "../graph/global-search.ts";
import { localSearch } from "../graph/local-search.ts";
import { matches } from "../filter/matches.ts";
import type { ChunkName } from "../ports/chunk-store.ts";
import { explicitLinkKinds, type Pointer } from "../ports/graph-store.ts";
import type { HopHit, HopReason, HopResult } from "../ports/hop.ts";
import type { Store } from "../ports/store.ts";
import type { Chunk, HopPath, Mention, Warning } from "../records.ts";
import { nameKey } from "../text/name-key.ts";
import { questionWords, type QuestionWords } from "../walk/coverage.ts";
import { wantedIds } from "../walk/wanted-ids.ts";
import { fusionOf } from "./fuse-legs.ts";
import { scaleOf, unlistedHit } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import { isRead, readsLate, withChunk } from "./read-hits.ts";
import type { GraphLegPlan } from "./plan.ts";
import type { GraphStage, GraphStageInput, GraphStageResult } from "./graph-stage.ts";

/** Of the passages that links led to, those are read that stand among as many as anyone looks at. */
const kept = 100;

/** Paths are spelt out for as many hits as anyone looks at. */
const explained = 50;

type Ports = Pick<Store, "graph" | "chunks">;

/** The graph leg: links in `mix`, neighbourhoods of names in `local`, communities in `global`. */
export function graphLeg(store: Ports, analyze: (text: string) => readonly string[]): GraphStage {
  const words = questionWords(analyze);
  return async (input) => {
    const { plan, hits } = input;
    const kind = plan.legs.graph?.kind;
    const result = kind === undefined ? null : await run(kind, store, input, words);
    if (result === null) return { hits, warnings: [] };
    const found = result.communities ? { communities: result.communities } : {};
    if (result.closed === null) return { hits: await linked(store, input, result), warnings: [], ...found };
    return { hits, warnings: kind === "hops" ? [] : [unchanged(plan.mode, result.closed)], ...found };
  };
}

async function run(
  kind: GraphLegPlan["kind"],
  store: Ports,
  { scope, plan, found, hits, vector, signal }: GraphStageInput,
  words: QuestionWords,
): Promise<(HopResult & Partial<Pick<GlobalResult, "communities">>) | null> {
  const asked = {
    question: plan.query,
    filter: plan.filter,
    vector,
    hits: hits.map(({ candidate, score }) => ({ chunk_id: candidate.chunk.chunk_id, score })),
  };
  const input = { ...asked, graph: store.graph, scope, signal };
  if (kind === "global") return globalSearch(input);
  const { text } = found;
  if (text === null || text.error !== null) return null;
  const scale = scaleOf(found, fusionOf(plan));
  if (kind === "local") return localSearch({ ...input, ...words, text, scale });
  const { terms, corpusSize } = text;
  const reading = { depth: depthOf(plan, hits.length), explained, unread: !hits.every(isRead) };
  return store.graph.hop(scope, { ...asked, words: { terms, corpusSize }, scale, ...reading }, { signal });
}

/** Passages whose chunks are read after links were followed. */
const depthOf = (plan: GraphStageInput["plan"], given: number): number =>
  readsLate(plan) ? plan.top_k : Math.max(kept, given);

const unchanged = (mode: string, why: string): Warning => ({
  code: "graph_leg_unchanged",
  message: `Mode ${mode} changed nothing: ${why}.`,
});

/**
 * The order after links were followed, as hits. Read from the store are those that may be shown and have no chunk yet,
 * and the passages that led to them, unless they came along; of what no leg had found, nothing else is kept.
 */
async function linked(
  { chunks, graph }: Ports,
  { scope, found, plan, hits: before, signal }: GraphStageInput,
  { hits: ranked, chunks: along }: HopResult,
): Promise<GraphStageResult["hits"]> {
  const known = new Map(before.map((hit) => [hit.candidate.chunk.chunk_id, hit]));
  const depth = depthOf(plan, before.length);
  const given = before.filter(isRead).map((hit) => hit.candidate.chunk);
  const have = new Set(given.map((chunk) => chunk.chunk_id));
  const unread = wantedIds(ranked, { depth, explained }).filter((id) => !have.has(id));
  const read = along ?? (unread.length === 0 ? [] : await chunks.get(scope, unread, { signal }));
  const contents = new Map([...given, ...read].map((one) => [one.chunk_id, one]));
  const scale = scaleOf(found, fusionOf(plan));
  const hitOf = (hit: HopHit): FusedHit<ChunkName> | undefined => {
    const own = known.get(hit.chunk_id);
    const chunk = contents.get(hit.chunk_id);
    if (!chunk) return own;
    if (plan.filter !== null && !matches(plan.filter, chunk)) return undefined;
    if (own) return withChunk(own, chunk);
    if (!hit.found) return undefined;
    const { cosine, bm25 } = hit.found;
    return unlistedHit(scale, { chunk, cosine, bm25, vectorRank: null, textRank: null });
  };
  const shown = ranked.slice(0, Math.min(depth, explained));
  const paths = await pathsOf(shown, contents, {
    mentions: (ids) => graph.mentions(scope, ids, { signal }),
    pointers: (ids) => graph.pointers(scope, ids, { signal }),
  });
  return ranked.flatMap((hit) => {
    const own = hitOf(hit);
    if (!own) return [];
    const path = paths.get(hit.chunk_id);
    return { ...own, score: hit.total, graph: hit.bonus, ...(path ? { path } : {}) };
  });
}

/** "/docs/guide.md#install" → "guide md install": how the text that points there may write it. */
const endOfAddress = (address: string): string => nameKey(address.slice(address.lastIndexOf("/") + 1));

interface PathReads {
  readonly mentions: (chunkIds: readonly string[]) => Promise<readonly Mention[]>;
  readonly pointers: (chunkIds: readonly string[]) => Promise<readonly Pointer[]>;
}

/**
 * What brought each passage in, by passage. A sentence has the name of the entity or, where an edit gave it another, the
 * one that the passage writes, or it is where the passage points away: only where the name is not found is anything read.
 */
async function pathsOf(
  hits: readonly HopHit[],
  contents: ReadonlyMap<string, Chunk>,
  reads: PathReads,
): Promise<ReadonlyMap<string, HopPath>> {
  const reached = hits.flatMap(({ chunk_id, reason }) => (reason ? { chunk_id, reason } : []));
  const placesOf = ({ chunk_id, reason }: Reached) => [reason.from_chunk_id, chunk_id];
  const evidenceSentence = evidenceSentences();
  const textsOf = (ids: readonly string[]) => ids.map((id) => contents.get(id)?.content ?? "");
  const sentenceWith = (one: Reached, names: readonly string[] = []): string =>
    evidenceSentence(textsOf(placesOf(one)), [one.reason.entity, endOfAddress(one.reason.entity), ...names]);
  const spelled = new Map(reached.filter(isExplicit).map((one) => [one, sentenceWith(one)]));
  const unsaid = reached.filter((one) => {
    const { entity, link } = one.reason;
    const places = placesOf(one).slice(0, leavesOver.has(link) ? 1 : 2);
    return (spelled.get(one) ?? evidenceSentence(textsOf(places), [entity])) === "";
  });
  const [mentions, pointers] = await Promise.all([
    readOf(unsaid.filter((one) => !isExplicit(one)).flatMap(placesOf), reads.mentions),
    readOf(
      unsaid.filter(isExplicit).map((one) => one.reason.from_chunk_id),
      reads.pointers,
    ),
  ]);
  const written = Map.groupBy(mentions, (mention) => mention.entity);
  const pointing = ({ reason }: Reached): string => {
    const from = contents.get(reason.from_chunk_id);
    return from ? pointingSentence(from, { kind: reason.link, address: reason.entity }, pointers) : "";
  };
  return new Map(
    reached.map((one) => {
      const { entity, from_chunk_id } = one.reason;
      const names = (written.get(entity) ?? []).map((mention) => nameKey(mention.name));
      const sentence = isExplicit(one) ? spelled.get(one) || pointing(one) : sentenceWith(one, names);
      const from = contents.get(from_chunk_id);
      return [one.chunk_id, { ...one.reason, from_title: from?.title || (from?.source ?? ""), sentence }];
    }),
  );
}

interface Reached {
  readonly chunk_id: string;
  readonly reason: HopReason;
}

const isExplicit = ({ reason }: Reached): boolean => (explicitLinkKinds as ReadonlySet<string>).has(reason.link);

/** Nothing is asked about no passage. */
const readOf = async <Row>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly Row[]>,
): Promise<readonly Row[]> => (ids.length === 0 ? [] : read([...new Set(ids)]));

/** The name stands in the passage that the link leaves. */
const leavesOver: ReadonlySet<HopReason["link"]> = new Set(["forward", "shared", "subname"]);
