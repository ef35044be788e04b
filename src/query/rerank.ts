import { messageOf } from "../errors.ts";
import type { Reranker } from "../ports/reranker.ts";
import type { Warning } from "../records.ts";
import type { FusedHit } from "./fusion.ts";

export interface Reranked {
  readonly hits: readonly FusedHit[];
  readonly tokens: number;
  readonly warnings: readonly Warning[];
}

/**
 * Lets a model order the best `limit` hits; those it ranked come first with its score, all others follow as fused.
 * When it fails the fused order stands, with a warning.
 */
export async function rerank(
  reranker: Reranker,
  query: string,
  hits: readonly FusedHit[],
  limit: number,
  signal: AbortSignal,
): Promise<Reranked> {
  const seen = hits.slice(0, Math.min(limit, reranker.maxCandidates));
  if (seen.length === 0) return { hits, tokens: 0, warnings: [] };
  try {
    const { ranking, tokens } = await reranker.rerank(query, seen.map(textOf), { limit: seen.length, signal });
    return { hits: inOrderOf(ranking, seen, hits), tokens, warnings: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    const message = `The reranker failed, so the fused order stands: ${messageOf(error)}`;
    return { hits, tokens: 0, warnings: [{ code: "rerank_unavailable", message }] };
  }
}

function inOrderOf(
  ranking: readonly { readonly index: number; readonly score: number }[],
  seen: readonly FusedHit[],
  hits: readonly FusedHit[],
): readonly FusedHit[] {
  const scores = new Map(ranking.filter(({ index }) => seen[index] !== undefined).map((r) => [r.index, r.score]));
  const ranked = [...scores]
    .sort(([i, a], [j, b]) => b - a || i - j)
    .map(([index, score]) => ({ ...seen[index]!, score, rerank: score }));
  return [...ranked, ...hits.filter((_, index) => !scores.has(index))];
}

function textOf({ candidate: { chunk } }: FusedHit): string {
  const heading = [chunk.title, ...chunk.heading_path].filter((part) => part !== "").join(" › ");
  return heading === "" ? chunk.content : `${heading}\n${chunk.content}`;
}
