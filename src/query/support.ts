import type { ChunkName } from "../ports/chunk-store.ts";
import { byScore } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import type { Likeness } from "./likeness.ts";

/** How much hits gain by resembling others that scored better. */
export interface Support {
  /** Of the hits that are compared, the most similar ones of other documents speak for a hit. */
  readonly neighbours: number;
  /** Share of the distance to their mean score that the hit is lifted by, 0 to 1. */
  readonly lift: number;
}

/**
 * Passages about one thing tend to answer one question (van Rijsbergen's cluster hypothesis), so a hit whose nearest
 * neighbours scored better is lifted towards them: score regularisation (Diaz, CIKM 2005), upwards only. No hit
 * loses, the first stays first, and a hit without neighbours stays as it is. `likeness` compares the first hits by the
 * vectors that both legs brought: no second search.
 */
export function supported<Known extends ChunkName>(
  hits: readonly FusedHit<Known>[],
  { neighbours, lift }: Support,
  likeness: Likeness,
): readonly FusedHit<Known>[] {
  const compared = hits.slice(0, likeness.length);
  const lifted = compared.map((hit, index): FusedHit<Known> => {
    const mean = meanScoreOf(nearest(compared, index, likeness).slice(0, neighbours));
    const support = mean === null ? 0 : lift * Math.max(0, mean - hit.score);
    return { ...hit, score: hit.score + support, shares: { ...hit.shares, support } };
  });
  return [...lifted.sort(byScore), ...hits.slice(likeness.length)];
}

interface Neighbour {
  readonly cosine: number;
  readonly score: number;
}

/**
 * The other hits, the most similar first. Another passage of the same document says nothing about a passage that the
 * document itself does not.
 */
function nearest(hits: readonly FusedHit<ChunkName>[], index: number, cosines: Likeness): readonly Neighbour[] {
  const { chunk } = hits[index]!.candidate;
  return hits
    .flatMap(({ candidate, score }, other): readonly Neighbour[] => {
      const cosine = cosines[index]![other]!;
      return cosine > 0 && candidate.chunk.document_id !== chunk.document_id ? [{ cosine, score }] : [];
    })
    .sort((a, b) => b.cosine - a.cosine || b.score - a.score);
}

/** The mean of the scores, each as heavy as it is similar. */
function meanScoreOf(near: readonly Neighbour[]): number | null {
  const weight = near.reduce((sum, { cosine }) => sum + cosine, 0);
  return weight === 0 ? null : near.reduce((sum, { cosine, score }) => sum + cosine * score, 0) / weight;
}
