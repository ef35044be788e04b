import { compareText } from "../filter/matches.ts";
import type { Candidate, ChunkName, ChunkSearchResult } from "../ports/chunk-store.ts";
import type { ScoreScale } from "../ports/hop.ts";
import { convexScale, convexScores } from "./fuse-convex.ts";
import { reciprocalRankScores } from "./fuse-rrf.ts";
import { zScale, zScores } from "./fuse-z.ts";
import { scaledShares } from "../walk/scaled-score.ts";
import { finite, type FusedHit, type Fusion, type LegShares, type ScoredResult } from "./fusion.ts";

/**
 * Joins the legs that ran into one order: score downwards, then chunk id by code point. With one leg alone (asked
 * for alone, or the other failed) it is that leg's own list with its own scores.
 */
export function fuse<Known extends ChunkName>(
  result: ChunkSearchResult<Known>,
  fusion: Fusion,
): readonly FusedHit<Known>[] {
  const vector = ran(result.vector);
  const text = ran(result.text);
  if (!vector || !text) return singleLeg(result.candidates, vector ? "vector" : text ? "text" : null);
  const shares = sharesOf(result, fusion);
  return result.candidates
    .map((candidate, index): FusedHit<Known> => {
      const share = shares[index]!;
      return {
        candidate,
        score: share.vector + share.text,
        shares: { ...share, support: 0, document: 0 },
        graph: null,
        rerank: null,
      };
    })
    .sort(byScore);
}

/**
 * A passage that was found otherwise, over links say, scored as the legs that ran would have: with one leg alone by its
 * own score, although its list does not hold it.
 */
export function unlistedHit<Known extends ChunkName>(scale: ScoreScale, candidate: Candidate<Known>): FusedHit<Known> {
  const shares = scaledShares(scale, candidate);
  const score = shares.vector + shares.text;
  return { candidate, score, shares: { ...shares, support: 0, document: 0 }, graph: null, rerank: null };
}

/** How passages score that no list holds, as numbers. */
export function scaleOf(found: ChunkSearchResult<ChunkName>, fusion: Fusion): ScoreScale {
  const own = { weight: 1, mean: 0, deviation: 1, least: null };
  if (!ran(found.vector) || !ran(found.text))
    return ran(found.vector) ? { vector: own, text: null } : { vector: null, text: own };
  switch (fusion.method) {
    case "z":
      return zScale(found, fusion);
    case "convex":
      return convexScale(found, fusion);
    default:
      // Ranks, and what a server gave: no list has these passages.
      return { vector: null, text: null };
  }
}

const ran = (report: { readonly error: unknown } | null): boolean => report !== null && report.error === null;

function sharesOf(result: ScoredResult, fusion: Fusion): readonly LegShares[] {
  switch (fusion.method) {
    case "z":
      return zScores(result, fusion);
    case "convex":
      return convexScores(result, fusion);
    case "rrf":
      return reciprocalRankScores(result, fusion);
    case "native-rank":
    case "native-score":
      // What the server did not list, it gave nothing.
      return result.candidates.map(({ native }) => ({ vector: native?.vector ?? 0, text: native?.text ?? 0 }));
  }
}

/** Score downwards, then chunk id by code point: one order on every machine. */
export const byScore = (a: FusedHit<ChunkName>, b: FusedHit<ChunkName>): number =>
  b.score - a.score || compareText(a.candidate.chunk.chunk_id, b.candidate.chunk.chunk_id);

function singleLeg<Known extends ChunkName>(
  candidates: readonly Candidate<Known>[],
  leg: "vector" | "text" | null,
): readonly FusedHit<Known>[] {
  if (leg === null) return [];
  const rank = (candidate: Candidate<Known>) => (leg === "vector" ? candidate.vectorRank : candidate.textRank);
  return candidates
    .filter((candidate) => rank(candidate) !== null)
    .sort((a, b) => rank(a)! - rank(b)! || compareText(a.chunk.chunk_id, b.chunk.chunk_id))
    .map((candidate) => legHit(candidate, leg));
}

function legHit<Known extends ChunkName>(candidate: Candidate<Known>, leg: "vector" | "text"): FusedHit<Known> {
  const score = finite(leg === "vector" ? candidate.cosine : candidate.bm25) ?? 0;
  const shares = { vector: leg === "vector" ? score : 0, text: leg === "text" ? score : 0, support: 0, document: 0 };
  return { candidate, score, shares, graph: null, rerank: null };
}
