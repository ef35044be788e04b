import type { Filter } from "../filter/filter.ts";
import type { Expansion } from "./expand.ts";
import type { DocumentPrior } from "./document-prior.ts";
import type { Mode, QueryRequest } from "./query-request.ts";
import { quotedPhrases, quotedStrength } from "./quoted.ts";
import type { Support } from "./support.ts";

/** `native-rank`, `native-score`: the server's own, on MongoDB. */
export type FusionMethod = "z" | "convex" | "rrf" | "native-rank" | "native-score";

/** The settings that decide a plan, named as in the table of settings. */
export interface QuerySettings {
  readonly mode: Mode;
  readonly top_k: number;
  readonly fusion: FusionMethod;
  /**
   * Only the ratio W = text_weight / vector_weight decides an order: 0.4 / 1 is the measured optimum of `z`. The pair
   * 0.6 / 0.4 of the guide means W = 0.67 for `z`, a share of 0.6 for the cosine in `convex`, and those factors of
   * the reciprocal ranks in `rrf`.
   */
  readonly vector_weight: number;
  readonly text_weight: number;
  readonly rank_constant: number;
  /** Learn W from the tenant's own questions; `z` only. */
  readonly calibrate: boolean;
  readonly cosine_threshold: number;
  /** See `Support.lift`; 0 is off. */
  readonly support: number;
  /** See `DocumentPrior.weight`; 0 is off. */
  readonly document_prior: number;
  readonly rerank_top_k: number;
  readonly mmr_lambda?: number;
  /** Searches for more than the question's words; only where a model writes the answer. Absent: none. */
  readonly expansion?: Expansion;
  readonly query_timeout_ms: number;
}

export const defaultQuerySettings: QuerySettings = {
  mode: "mix",
  top_k: 10,
  fusion: "z",
  vector_weight: 1,
  text_weight: 0.4,
  rank_constant: 60,
  calibrate: false,
  cosine_threshold: -1,
  support: 0.7,
  document_prior: 2,
  rerank_top_k: 50,
  query_timeout_ms: 30_000,
};

/** What is at hand: a plan names only what can run. */
export interface Abilities {
  /** The store knows both scores of every candidate; see `StoreCapabilities.exactScores`. */
  readonly exactScores: boolean;
  readonly reranker: boolean;
  readonly graph: boolean;
}

export interface VectorLegPlan {
  readonly candidates: number;
  readonly weight: number;
  readonly min_cosine: number | null;
}

export interface TextLegPlan {
  readonly candidates: number;
  readonly weight: number;
  readonly repair_typos: boolean;
  /** What the question has in quotation marks: passages that hold it word by word come first. */
  readonly phrases: readonly string[];
  /** How far hits that hold the phrases rise, 0 to 1: see `quotedFirst`. */
  readonly phrase_lift: number;
}

export interface GraphLegPlan {
  /** `hops`: links out of the best passages; `local`: neighbourhoods of entities; `global`: relations, communities. */
  readonly kind: "hops" | "local" | "global";
  readonly rounds: number;
  readonly seeds: number;
}

/** Everything a query will do, as data that prints as JSON. Built purely; executed by `search.ts`. */
export interface QueryPlan {
  readonly query: string;
  readonly mode: Mode;
  readonly legs: {
    readonly vector: VectorLegPlan | null;
    readonly text: TextLegPlan | null;
    readonly graph: GraphLegPlan | null;
  };
  readonly filter: Filter | null;
  readonly fusion: {
    readonly method: FusionMethod;
    readonly rank_constant: number;
    readonly calibrate: boolean;
  };
  /** What resembling others that scored better adds; null with one leg, or where it is switched off. */
  readonly support: Support | null;
  /** What the document of a passage adds where documents are alike; null with one leg, or where it is switched off. */
  readonly documents: DocumentPrior | null;
  readonly rerank: { readonly limit: number } | null;
  readonly mmr: { readonly lambda: number } | null;
  readonly top_k: number;
  /** Tokens of passages that a language model is given. */
  readonly budget: { readonly context_tokens: number };
  readonly deadline_ms: number;
}

/** Depth of a leg: measured, 50 with exact scores equals 100; where a second score is guessed, 100 are needed. */
const depth = (exactScores: boolean): number => (exactScores ? 50 : 100);

const contextTokens = 6000;

/** Looked at on four collections: the optimum is flat from 3 to 8 neighbours (docs/decisions). */
const supportNeighbours = 5;

/** Looked at on fourteen collections (docs/decisions/0007-document-prior.md). */
const documentPrior = { copy: 0.9, copied: 0.5, copied_among_mixed: 0.25, passages: 20, name: 7, numbers: 0.75 };

export function planQuery(request: QueryRequest, settings: QuerySettings, abilities: Abilities): QueryPlan {
  const mode = request.mode ?? settings.mode;
  const top_k = request.top_k ?? settings.top_k;
  const rerank = abilities.reranker && mode !== "bypass" ? { limit: settings.rerank_top_k } : null;
  const candidates = Math.max(depth(abilities.exactScores), top_k, rerank?.limit ?? 0);
  const vector = mode !== "text" && mode !== "bypass";
  const text = mode !== "vector" && mode !== "bypass";
  const compares = settings.fusion === "z" && vector && text;
  return {
    query: request.query,
    mode,
    legs: {
      vector: vector
        ? {
            candidates,
            weight: settings.vector_weight,
            min_cosine: settings.cosine_threshold > -1 ? settings.cosine_threshold : null,
          }
        : null,
      text: text ? { candidates, weight: settings.text_weight, repair_typos: true, ...quotesOf(request.query) } : null,
      graph: abilities.graph ? graphLeg(mode) : null,
    },
    filter: request.filter,
    fusion: {
      method: methodOf(settings),
      rank_constant: settings.rank_constant,
      calibrate: settings.calibrate && settings.fusion === "z" && vector && text,
    },
    support: compares && settings.support > 0 ? { neighbours: supportNeighbours, lift: settings.support } : null,
    documents: compares && settings.document_prior > 0 ? { ...documentPrior, weight: settings.document_prior } : null,
    rerank,
    mmr: settings.mmr_lambda === undefined || settings.mmr_lambda >= 1 ? null : { lambda: settings.mmr_lambda },
    top_k,
    budget: { context_tokens: contextTokens },
    deadline_ms: settings.query_timeout_ms,
  };
}

/** The server's constant is 60: with any other the fusion runs here, by the same arithmetic. */
const serverRankConstant = 60;
const methodOf = ({ fusion, rank_constant }: QuerySettings): FusionMethod =>
  fusion === "native-rank" && rank_constant !== serverRankConstant ? "rrf" : fusion;

const graphKinds: Partial<Record<Mode, GraphLegPlan["kind"]>> = { mix: "hops", local: "local", global: "global" };

function graphLeg(mode: Mode): GraphLegPlan | null {
  const kind = graphKinds[mode];
  return kind === undefined ? null : { kind, rounds: 2, seeds: 10 };
}

function quotesOf(query: string): { readonly phrases: readonly string[]; readonly phrase_lift: number } {
  const phrases = quotedPhrases(query);
  return { phrases, phrase_lift: quotedStrength(query, phrases) };
}
