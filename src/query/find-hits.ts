import { messageOf } from "../errors.ts";
import { isOverviewQuestion } from "../graph/overview-question.ts";
import type { ChunkName, ChunkSearchResult } from "../ports/chunk-store.ts";
import type { TokenUsage } from "../ports/language-model.ts";
import type { Community, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import { agreementOf, calibratedWeight, calibrationWeight, loadCalibration, recordAgreement } from "./calibrate.ts";
import { foundGroups, sampled, themeHits } from "./collection-themes.ts";
import { withDeadline } from "./deadline.ts";
import { type DescribedCommunities, describeCommunities } from "./describe-communities.ts";
import { fuse } from "./fuse.ts";
import { fuseLegs } from "./fuse-legs.ts";
import type { FusedHit } from "./fusion.ts";
import { diversify } from "./mmr.ts";
import { planQuery, type QueryPlan, type QuerySettings } from "./plan.ts";
import { quotedFirst } from "./quoted.ts";
import type { QueryPorts } from "./query-ports.ts";
import type { QueryRequest } from "./query-request.ts";
import { readHits } from "./read-hits.ts";
import { rerank } from "./rerank.ts";
import type { GraphStageResult } from "./graph-stage.ts";
import { legUnavailable, retrieve } from "./retrieve.ts";
import { tellDocuments } from "./tell-documents.ts";
import { noTokens } from "../ports/token-usage.ts";

/** Communities of the whole collection that are described. */
const mostThemes = 10;

/** Milliseconds of each step; `search` holds both legs, which run at once, and reading what is shown. */
export interface Timings {
  readonly embed: number;
  readonly search: number;
  readonly vector: number | null;
  readonly text: number | null;
  readonly fuse: number;
  readonly graph: number | null;
  readonly rerank: number | null;
  readonly total: number;
}

/** Everything a search learned, for a response or for an answer. */
export interface Findings {
  /** As executed: with the learned weight, where one was in use. */
  readonly plan: QueryPlan;
  /** At most `top_k`, best first. */
  readonly hits: readonly FusedHit[];
  /** Its candidates need not be read. */
  readonly found: ChunkSearchResult<ChunkName>;
  /** The question's vector, where one could be had. */
  readonly vector: Float32Array | null;
  /** In mode global, where there is a graph; null in others. */
  readonly communities: readonly Community[] | null;
  /** The question was put to the collection as a whole: hits and communities are those of all that may be read. */
  readonly isOverview: boolean;
  readonly warnings: readonly Warning[];
  /** Of the model that summarised communities. */
  readonly summaryUsage: TokenUsage;
  readonly usage: { readonly embedding_tokens: number; readonly rerank_tokens: number };
  readonly timings: Timings;
}

/** Plans and runs one search within its deadline; see `search` for the errors. */
export async function findHits(
  ports: QueryPorts,
  scope: Scope,
  request: QueryRequest,
  settings: QuerySettings,
  signal?: AbortSignal,
): Promise<Findings> {
  const { exactScores, bothScores } = ports.store.capabilities();
  const plan = planQuery(request, settings, {
    exactScores: exactScores || bothScores === true,
    reranker: ports.reranker !== null,
    graph: ports.graph !== null,
  });
  return withDeadline(plan.deadline_ms, signal, (ends) => execute(ports, scope, plan, ends));
}

async function execute(ports: QueryPorts, scope: Scope, planned: QueryPlan, signal: AbortSignal): Promise<Findings> {
  const clock = stopwatch(ports.now);
  const [learned, retrieved, themes] = await Promise.all([
    learnedWeight(ports, scope, planned, signal),
    retrieve(ports, scope, planned, signal),
    themesOf(ports, scope, planned, signal),
  ]);
  const plan = withTextWeight(planned, learned);
  const { found } = retrieved;
  clock.restart();
  const told = await tellDocuments(ports.store.chunks, scope, plan, retrieved, fuseLegs(plan, found), signal);
  const fused = quotedFirst(told.hits, retrieved.holders, plan.legs.text?.phrase_lift ?? 0);
  const fuseMs = clock.lap();
  const linked = themes?.hits.length ? themes : await followLinks(ports, scope, plan, retrieved, fused, signal);
  const isOverview = linked === themes;
  const described = await describe(ports, scope, plan, linked, signal);
  const graphMs = clock.lap();
  const read = await readHits(ports.store, scope, plan, linked.hits, signal);
  const readMs = clock.lap();
  // Resembling a question that names nothing says nothing: each community keeps its turn.
  const ranked = isOverview ? { hits: read, tokens: 0, warnings: [] } : await rerankHits(ports, plan, read, signal);
  const rerankMs = clock.lap();
  learnLater(ports, scope, plan, found);
  return {
    plan,
    hits: isOverview ? ranked.hits.slice(0, plan.top_k) : choose(plan, ranked.hits),
    isOverview,
    found,
    vector: retrieved.vector,
    communities: described?.communities ?? null,
    warnings: [
      ...unavailable(planned),
      ...overviewHint(ports, planned),
      ...retrieved.warnings,
      ...told.warnings,
      ...(isOverview ? [] : (themes?.warnings ?? [])),
      ...linked.warnings,
      ...(described?.warnings ?? []),
      ...ranked.warnings,
    ],
    summaryUsage: described?.usage ?? noTokens,
    usage: { embedding_tokens: retrieved.embeddingTokens, rerank_tokens: ranked.tokens },
    timings: {
      embed: retrieved.timings.embed,
      search: retrieved.timings.search + readMs,
      vector: found.vector?.milliseconds ?? null,
      text: found.text?.milliseconds ?? null,
      fuse: fuseMs,
      graph: plan.legs.graph === null ? null : graphMs,
      rerank: plan.rerank === null ? null : rerankMs,
      total: clock.total(),
    },
  };
}

function stopwatch(now: () => number) {
  const started = now();
  let last = started;
  const lap = () => {
    const before = last;
    last = now();
    return last - before;
  };
  return { restart: () => void lap(), lap, total: () => now() - started };
}

/** Text weight learned for the tenant, or null where none is wanted or the store cannot say: then the setting holds. */
async function learnedWeight(
  { store, embedder }: QueryPorts,
  scope: Scope,
  { fusion, legs }: QueryPlan,
  signal: AbortSignal,
): Promise<number | null> {
  if (!fusion.calibrate || embedder === null || legs.vector === null) return null;
  try {
    const state = await loadCalibration(store.caches, scope, embedder.fingerprint, signal);
    return calibratedWeight(state) * legs.vector.weight;
  } catch {
    return null;
  }
}

const withTextWeight = (plan: QueryPlan, weight: number | null): QueryPlan =>
  weight === null || plan.legs.text === null
    ? plan
    : { ...plan, legs: { ...plan.legs, text: { ...plan.legs.text, weight } } };

/** Hands the observation to the background: the answer never waits for it. */
function learnLater(
  { store, embedder, background }: QueryPorts,
  scope: Scope,
  plan: QueryPlan,
  found: ChunkSearchResult<ChunkName>,
) {
  if (!plan.fusion.calibrate || embedder === null || found.vector === null || found.text === null) return;
  const first = fuse(found, { method: "z", vectorWeight: 1, textWeight: calibrationWeight, rankConstant: 60 })[0];
  if (first === undefined) return;
  background(() => recordAgreement(store.caches, scope, embedder.fingerprint, agreementOf(first)));
}

async function followLinks(
  { graph }: QueryPorts,
  scope: Scope,
  plan: QueryPlan,
  { found, vector }: Pick<Findings, "found" | "vector">,
  hits: readonly FusedHit<ChunkName>[],
  signal: AbortSignal,
): Promise<GraphStageResult> {
  if (graph === null || plan.legs.graph === null || hits.length === 0) return { hits, warnings: [] };
  try {
    return await graph({ scope, plan, vector, found, hits, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return { hits, warnings: [legUnavailable("graph", error)] };
  }
}

/** In mode global, for a question that names nothing in the collection; null for others, and where there is no such port. */
async function themesOf(
  { store, collection }: QueryPorts,
  scope: Scope,
  { query, legs, filter, top_k }: QueryPlan,
  signal: AbortSignal,
): Promise<GraphStageResult | null> {
  if (!collection || legs.graph?.kind !== "global" || !isOverviewQuestion(query)) return null;
  try {
    const groups = await collection(scope, filter, { signal });
    const [hits, communities] = await Promise.all([
      themeHits(store, scope, filter, groups, top_k, signal),
      foundGroups(store, scope, groups.groups.slice(0, mostThemes), signal),
    ]);
    return { hits, communities, warnings: sampled(groups) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { hits: [], warnings: [legUnavailable("graph", error)] };
  }
}

/** Null outside mode global; communities that cannot be described cost no hit. */
async function describe(
  ports: QueryPorts,
  scope: Scope,
  plan: QueryPlan,
  { communities }: GraphStageResult,
  signal: AbortSignal,
): Promise<DescribedCommunities | null> {
  if (plan.legs.graph?.kind !== "global") return null;
  try {
    const most = communities?.some(({ whole }) => whole) ? mostThemes : undefined;
    return await describeCommunities(ports, scope, plan, communities ?? [], signal, most);
  } catch (error) {
    if (signal.aborted) throw error;
    const message = `The communities could not be described: ${messageOf(error)}`;
    return { communities: [], warnings: [{ code: "communities_unavailable", message }], usage: noTokens };
  }
}

async function rerankHits({ reranker }: QueryPorts, plan: QueryPlan, hits: readonly FusedHit[], signal: AbortSignal) {
  if (reranker === null || plan.rerank === null) return { hits, tokens: 0, warnings: [] };
  return rerank(reranker, plan.query, hits, plan.rerank.limit, signal);
}

/** The reranked and the others have scores of two kinds, so diversity compares only the first where there are any. */
function choose({ mmr, top_k }: QueryPlan, hits: readonly FusedHit[]): readonly FusedHit[] {
  if (mmr === null) return hits.slice(0, top_k);
  const reranked = hits.filter((hit) => hit.rerank !== null);
  return diversify(reranked.length > 0 ? reranked : hits, mmr.lambda, top_k);
}

/** Whoever asks what everything is about may not know that a mode answers that. */
function overviewHint({ collection }: QueryPorts, { mode, query }: QueryPlan): readonly Warning[] {
  if (!collection || mode === "global" || mode === "bypass" || !isOverviewQuestion(query)) return [];
  return [{ code: "asks_for_overview", message: "To ask what the documents are about as a whole, use mode global." }];
}

function unavailable({ mode, legs }: QueryPlan): readonly Warning[] {
  if ((mode !== "local" && mode !== "global") || legs.graph !== null) return [];
  const message = `There is no graph to search in mode ${mode}; the vector and text legs answered.`;
  return [{ code: "graph_leg_unavailable", message }];
}
