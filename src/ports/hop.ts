import type { Filter } from "../filter/filter.ts";
import type { Chunk } from "../records.ts";
import type { LinkedPassage, LinkKind } from "./graph-store.ts";
import type { TextLegReport } from "./chunk-store.ts";

/** A passage with its fused score before links are followed. */
export interface Scored {
  readonly chunk_id: string;
  readonly score: number;
}

/**
 * Why a passage was lifted: the seed, the name that joins the two, the kind of link, and what it added. mention: it
 * mentions a name of the question itself. community: it is of the community that the first passage is of.
 */
export interface HopReason {
  readonly from_chunk_id: string;
  readonly entity: string;
  readonly link: LinkKind | "mention" | "community";
  readonly strength: number;
}

export interface HopHit extends Scored {
  /** What orders now: normalised score, title match and link bonus. */
  readonly total: number;
  /** What links told of it; null for one that was given. */
  readonly found: Pick<LinkedPassage, "cosine" | "bm25"> | null;
  /** What following links added to `total`. */
  readonly bonus: number;
  readonly reason: HopReason | null;
}

/** What one leg gives a score: weight · (max(least, score) − mean) / deviation. */
export interface LegScale {
  readonly weight: number;
  readonly mean: number;
  readonly deviation: number;
  /** Null: no score is too low. */
  readonly least: number | null;
}

/** How fusion scores a passage by what it has in both legs; null where a leg gives nothing. A missing score is 0. */
export interface ScoreScale {
  readonly vector: LegScale | null;
  readonly text: LegScale | null;
}

export interface HopRequest {
  readonly question: string;
  readonly filter: Filter | null;
  readonly vector: Float32Array | null;
  /** The fused list, best first. */
  readonly hits: readonly Scored[];
  /** Words of the question and how common they are. */
  readonly words: Pick<TextLegReport, "terms" | "corpusSize">;
  /** For passages that no leg found. */
  readonly scale: ScoreScale;
  /** Passages that are wanted. */
  readonly depth: number;
  /** Of so many of the best, the passage that led there is wanted too. */
  readonly explained: number;
  /** Nobody has read the given hits: their chunks may come with the answer. */
  readonly unread: boolean;
}

export interface HopResult {
  /** The best `depth` in order, and behind them what else was given. Empty where the stage did nothing. */
  readonly hits: readonly HopHit[];
  /** Why the stage did nothing, for explain; null when it ran. */
  readonly closed: string | null;
  readonly entities: readonly string[];
  /**
   * Where reading them along costs no call of its own: the chunks of the best `depth` and of what led to them, as far as
   * the caller may read them; those of given hits only where these are `unread`.
   */
  readonly chunks?: readonly Chunk[];
}
