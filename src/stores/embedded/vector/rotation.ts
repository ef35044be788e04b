/** Turns a vector in place. It keeps lengths and angles. */
export type Rotation = (vector: Float64Array) => void;

const rounds = 4;

/**
 * A random rotation that depends on `dimensions` and `seed` alone, in O(d log d): rounds of random signs, a random
 * order, and a Walsh-Hadamard transform of the first or last 2^k values (Ailon and Chazelle's fast transform, as used
 * before 1-bit codes by RaBitQ). It spreads what a few dimensions know over all of them.
 */
export function randomRotation(dimensions: number, seed: number): Rotation {
  const random = mulberry32(seed);
  const width = 2 ** Math.floor(Math.log2(dimensions));
  const steps = Array.from({ length: rounds }, (_, round) => ({
    signs: Float64Array.from({ length: dimensions }, () => (random() < 0.5 ? -1 : 1)),
    order: shuffled(dimensions, random),
    from: round % 2 === 0 ? 0 : dimensions - width,
  }));
  const spare = new Float64Array(dimensions);
  return (vector) => {
    for (const { signs, order, from } of steps) {
      for (let i = 0; i < dimensions; i += 1) spare[i] = (vector[order[i] as number] as number) * (signs[i] as number);
      hadamard(spare, from, from + width);
      vector.set(spare);
    }
  };
}

/** The Walsh-Hadamard transform of a stretch, in place, scaled to keep lengths; its length is a power of two. */
function hadamard(values: Float64Array, from: number, to: number): void {
  for (let half = 1; half < to - from; half *= 2) {
    for (let start = from; start < to; start += 2 * half) {
      for (let i = start; i < start + half; i += 1) {
        const a = values[i] as number;
        const b = values[i + half] as number;
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
  const scale = 1 / Math.sqrt(to - from);
  for (let i = from; i < to; i += 1) values[i] = (values[i] as number) * scale;
}

function shuffled(size: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const other = order[j] as number;
    order[j] = order[i] as number;
    order[i] = other;
  }
  return order;
}

/** Tommy Ettinger's small generator: the same numbers on every machine, in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
