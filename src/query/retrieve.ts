import { HybridRAGError, isHybridRAGError, messageOf } from "../errors.ts";
import type { ChunkName, ChunkSearch, ChunkSearchResult, ChunkStore } from "../ports/chunk-store.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { StoreCapabilities } from "../ports/store.ts";
import type { Leg, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { QueryPlan } from "./plan.ts";
import type { QueryPorts } from "./query-ports.ts";
import { readsLate } from "./read-hits.ts";
import { type ChunkFinder, searchQuoted, withHolders } from "./search-quoted.ts";

/** What the vector and text legs found, and how it went. */
export interface Retrieved {
  readonly found: ChunkSearchResult<ChunkName>;
  /** Ids of the passages that hold what the question quotes; empty when it quotes nothing. */
  readonly holders: ReadonlySet<string>;
  /** The question's vector; null when it was not wanted or could not be had. */
  readonly vector: Float32Array | null;
  /** Charged for embedding the question. */
  readonly embeddingTokens: number;
  readonly warnings: readonly Warning[];
  readonly timings: { readonly embed: number; readonly search: number };
}

const nothing: ChunkSearchResult<ChunkName> = { candidates: [], vector: null, text: null, allowed: 0 };

/**
 * Runs the vector and text legs of a plan: one embedding, one search. A leg that fails is a warning while the other
 * answers.
 * @throws HybridRAGError of the leg that failed, when no leg is left.
 */
export async function retrieve(
  ports: Pick<QueryPorts, "store" | "embedder" | "now">,
  scope: Scope,
  plan: QueryPlan,
  signal: AbortSignal,
): Promise<Retrieved> {
  requireFusion(plan, ports.store.capabilities());
  const started = ports.now();
  const embedded = plan.legs.vector === null ? none : await embedQuestion(ports.embedder, plan.query, signal);
  const embedDone = ports.now();
  if (embedded.error !== null && plan.legs.text === null) throw embedded.error;
  const search = chunkSearch(plan, embedded.vector);
  const run = searchFor(ports.store.chunks, plan);
  const [found, quoted] = await Promise.all([
    search.vector === null && search.text === null ? nothing : run(scope, search, { signal }),
    searchQuoted(run, scope, search, plan.legs.text?.phrases ?? [], signal),
  ]);
  return {
    found: search.native === undefined ? withHolders(found, quoted.holders) : found,
    holders: new Set(quoted.holders.map(({ chunk }) => chunk.chunk_id)),
    vector: embedded.vector,
    embeddingTokens: embedded.tokens,
    warnings: [...warningsOf(found, embedded.error), ...quoted.warnings],
    timings: { embed: embedDone - started, search: ports.now() - embedDone },
  };
}

/** Of a store that can, only what the plan needs before hits are shown. */
export const searchFor = ({ find, search }: ChunkStore, plan: QueryPlan): ChunkFinder =>
  readsLate(plan) && find ? find : search;

/** What the store is asked for both legs. */
export function chunkSearch(plan: QueryPlan, vector: Float32Array | null): ChunkSearch {
  const { vector: vectorLeg, text: textLeg } = plan.legs;
  return {
    vector,
    text: textLeg === null ? null : { query: plan.query, repairTypos: textLeg.repair_typos },
    filter: plan.filter,
    candidates: Math.max(vectorLeg?.candidates ?? 0, textLeg?.candidates ?? 0),
    ...(vectorLeg?.min_cosine == null ? {} : { minCosine: vectorLeg.min_cosine }),
    ...(vector === null || textLeg === null ? {} : nativeFusion(plan)),
    ...(plan.mmr === null && plan.support === null && plan.documents === null ? {} : { withVectors: true }),
  };
}

function nativeFusion({ fusion, legs }: QueryPlan): Pick<ChunkSearch, "native"> {
  const weights = { vectorWeight: legs.vector?.weight ?? 0, textWeight: legs.text?.weight ?? 0 };
  if (fusion.method === "native-rank") return { native: { kind: "rank", ...weights } };
  if (fusion.method !== "native-score") return {};
  return { native: { kind: "score", normalization: "minMaxScaler", ...weights } };
}

/** @throws HybridRAGError `invalid_config` where the store leaves fusing to us. */
function requireFusion({ fusion }: QueryPlan, { nativeFusion }: StoreCapabilities): void {
  if (!fusion.method.startsWith("native") || nativeFusion === true) return;
  throw new HybridRAGError(
    "invalid_config",
    `HYBRIDRAG_FUSION=${fusion.method} is for MongoDB: this store does not fuse by itself. Set z, convex or rrf.`,
    { details: { setting: "HYBRIDRAG_FUSION" } },
  );
}

interface Embedded {
  readonly vector: Float32Array | null;
  readonly tokens: number;
  readonly error: HybridRAGError | null;
}

const none: Embedded = { vector: null, tokens: 0, error: null };

async function embedQuestion(embedder: Embedder | null, question: string, signal: AbortSignal): Promise<Embedded> {
  if (embedder === null) {
    const message = "no embedder is set; set one, or ask in mode text.";
    return { ...none, error: new HybridRAGError("invalid_config", message, { details: { setting: "embedder" } }) };
  }
  try {
    const { vectors, tokens } = await embedder.embed([question], { kind: "query", signal });
    const vector = vectors[0];
    if (vector !== undefined) return { vector, tokens, error: null };
    return { vector: null, tokens, error: new HybridRAGError("provider_failed", "the embedder returned no vector.") };
  } catch (error) {
    if (signal.aborted) throw error;
    if (isHybridRAGError(error)) return { ...none, error };
    return { ...none, error: new HybridRAGError("provider_failed", messageOf(error), { cause: error }) };
  }
}

function warningsOf(found: ChunkSearchResult<ChunkName>, embedError: HybridRAGError | null): readonly Warning[] {
  const failures = [
    ["vector", embedError ?? found.vector?.error ?? null],
    ["text", found.text?.error ?? null],
  ] as const;
  const failed = failures.flatMap(([leg, error]) => (error === null ? [] : [legUnavailable(leg, error)]));
  const repaired = (found.text?.repairs ?? []).map(({ from, to }) => ({
    code: "typo_repaired",
    message: `No passage has “${from}”; searched for “${to}”.`,
  }));
  return [...failed, ...repaired, ...behindSearch(found), ...(found.warnings ?? [])];
}

const behindSearch = ({ behind }: ChunkSearchResult<ChunkName>): readonly Warning[] =>
  behind === undefined || behind === 0
    ? []
    : [{ code: "search_behind", message: "What was written a moment ago is not searchable yet; ask again shortly." }];

export const legUnavailable = (leg: Leg, error: unknown): Warning => ({
  code: `${leg}_leg_unavailable`,
  message: `${leg} leg unavailable: ${messageOf(error)}`,
});
