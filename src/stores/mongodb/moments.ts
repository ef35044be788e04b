import type { Moments } from "../../ports/chunk-store.ts";
import type { Scope } from "../../scope.ts";
import { dotProduct } from "../../ports/dot-product.ts";
import { vectorOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { scopeMatch } from "./visible-rows.ts";

/** Stored vectors that stand for all: within .003 of them. Of a small tenant all are taken. */
const sampleSize = 256;
const wholeBelow = 1000;

/** Vectors one behind the other, which are read faster than as many arrays. */
interface Sample {
  readonly vectors: Float32Array;
  /** Of the length of each: the same for every search. */
  readonly squares: Float64Array;
}

/** Mean and deviation of the cosine, from a fixed sample of the chunks that the caller may read. */
export async function cosineMoments(
  context: Context,
  scope: Scope,
  vector: Float32Array,
  count: number,
): Promise<Moments | null> {
  const sample = await context.statistics.derived(context, scope, "vectors", () => readSample(context, scope));
  if (sample.squares.length === 0) return null;
  const own = dotProduct(vector, vector);
  const wide = Float64Array.from(vector);
  const cosines = sample.squares.map(
    (square, place) => dotProductAt(sample.vectors, place * wide.length, wide) / Math.sqrt(square * own),
  );
  const mean = cosines.reduce((sum, x) => sum + x, 0) / cosines.length;
  const variance = cosines.reduce((sum, x) => sum + (x - mean) ** 2, 0) / cosines.length;
  return { mean, deviation: Math.sqrt(variance), count };
}

/** `dotProduct`, number for number, of the vector that begins there; the other one is made wide once for all of them. */
function dotProductAt(vectors: Float32Array, start: number, wide: Float64Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = wide.length - (wide.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const at = start + i;
    first += vectors[at]! * wide[i]!;
    second += vectors[at + 1]! * wide[i + 1]!;
    third += vectors[at + 2]! * wide[i + 2]!;
    fourth += vectors[at + 3]! * wide[i + 3]!;
  }
  for (let i = whole; i < wide.length; i++) first += vectors[start + i]! * wide[i]!;
  return first + second + (third + fourth);
}

/** Ids are hashes, so the first ones are as good as any. */
async function readSample(context: Context, scope: Scope): Promise<Sample> {
  const { generation } = context;
  const { chunks } = await context.statistics.corpus(context, scope.tenant);
  const found = await rows(context, collections.chunks)
    .find({ ...scopeMatch(scope), [generation.vector]: { $exists: true } })
    .project<Pick<ChunkRow, "vector" | "vector_2">>({ [generation.vector]: 1 })
    .sort({ _id: 1 })
    .limit(chunks <= wholeBelow ? wholeBelow : sampleSize)
    .toArray();
  const stored = found.flatMap((row) => vectorOf(row, generation) ?? []);
  const dimensions = stored[0]?.length ?? 0;
  const vectors = new Float32Array(stored.length * dimensions);
  for (const [place, vector] of stored.entries()) vectors.set(vector, place * dimensions);
  return { vectors, squares: Float64Array.from(stored, (vector) => dotProduct(vector, vector)) };
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
