import type { Moments } from "../../ports/chunk-store.ts";
import type { Scope } from "../../scope.ts";
import { dotProduct, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { scopeMatch } from "./visible-rows.ts";

/** Stored vectors that stand for all: within .003 of them. Of a small tenant all are taken. */
const sampleSize = 256;
const wholeBelow = 1000;

interface Sampled {
  readonly stored: Float32Array;
  /** Of its length: the same for every search. */
  readonly square: number;
}

/** Mean and deviation of the cosine, from a fixed sample of the chunks that the caller may read. */
export async function cosineMoments(
  context: Context,
  scope: Scope,
  vector: Float32Array,
  count: number,
): Promise<Moments | null> {
  const sample = await context.statistics.derived(context, scope, "vectors", () => readSample(context, scope));
  if (sample.length === 0) return null;
  const own = dotProduct(vector, vector);
  const cosines = sample.map(({ stored, square }) => dotProduct(stored, vector) / Math.sqrt(square * own));
  const mean = cosines.reduce((sum, x) => sum + x, 0) / cosines.length;
  const variance = cosines.reduce((sum, x) => sum + (x - mean) ** 2, 0) / cosines.length;
  return { mean, deviation: Math.sqrt(variance), count };
}

/** Ids are hashes, so the first ones are as good as any. */
async function readSample(context: Context, scope: Scope): Promise<readonly Sampled[]> {
  const { generation } = context;
  const { chunks } = await context.statistics.corpus(context, scope.tenant);
  const found = await rows(context, collections.chunks)
    .find({ ...scopeMatch(scope), [generation.vector]: { $exists: true } })
    .project<Pick<ChunkRow, "vector" | "vector_2">>({ [generation.vector]: 1 })
    .sort({ _id: 1 })
    .limit(chunks <= wholeBelow ? wholeBelow : sampleSize)
    .toArray();
  return found.flatMap((row) => {
    const stored = vectorOf(row, generation);
    return stored === null ? [] : [{ stored, square: dotProduct(stored, stored) }];
  });
}

/**
 * Mean and deviation of BM25 over all allowed chunks, from the best scores and the number of matches: matches behind the
 * list are taken at half its last score, their square at a third of its square, everything else at zero.
 */
export function bm25Moments(listed: readonly number[], matched: number, allowed: number): Moments {
  if (allowed === 0) return { mean: 0, deviation: 0, count: 0 };
  const last = listed.at(-1) ?? 0;
  const behind = Math.max(0, matched - listed.length);
  const sum = listed.reduce((total, score) => total + score, 0) + (behind * last) / 2;
  const squares = listed.reduce((total, score) => total + score ** 2, 0) + (behind * last ** 2) / 3;
  const mean = sum / allowed;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / allowed - mean ** 2)), count: allowed };
}
