import { randomFrom, type Random } from "./random.ts";

export const dimensions = 384;
const clusters = 500;
const block = 128;
/** Length of the noise beside the centre of a cluster: gives the cosines that are seen between real passages. */
const noise = 0.75;

/** A unit vector near one of 500 centres; variances fall as a power of the axis, and a rotation hides the axes. */
export type VectorMaker = (random: Random) => Float32Array;

export function vectorMaker(): VectorMaker {
  const scales = Float64Array.from({ length: dimensions }, (_, axis) => (axis + 1) ** -0.4);
  const rotate = rotation(randomFrom(1));
  const centres = Array.from({ length: clusters }, (_, index) => unit(spread(randomFrom(1000 + index), scales)));
  return (random) => {
    const centre = centres[Math.floor(random.uniform() * clusters)]!;
    const away = unit(spread(random, scales));
    return Float32Array.from(rotate(unit(centre.map((value, axis) => value + noise * away[axis]!))));
  };
}

const spread = (random: Random, scales: Float64Array): Float64Array => scales.map((scale) => scale * random.normal());

function unit(values: Float64Array): Float64Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}

/** Twice signs, a shuffle and a Hadamard transform of each block: orthogonal, and far cheaper than a full matrix. */
function rotation(random: Random): (values: Float64Array) => Float64Array {
  const rounds = [0, 1].map(() => ({
    signs: Float64Array.from({ length: dimensions }, () => (random.uniform() < 0.5 ? -1 : 1)),
    order: shuffled(random),
  }));
  return (values) =>
    rounds.reduce((now, { signs, order }) => hadamard(order.map((from) => now[from]! * signs[from]!)), values);
}

function shuffled(random: Random): Float64Array {
  const order = Float64Array.from({ length: dimensions }, (_, index) => index);
  for (let i = dimensions - 1; i > 0; i -= 1) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function hadamard(values: Float64Array): Float64Array {
  for (let start = 0; start < dimensions; start += block)
    for (let half = 1; half < block; half *= 2)
      for (let i = 0; i < block; i += 2 * half)
        for (let j = start + i; j < start + i + half; j += 1) {
          const [a, b] = [values[j]!, values[j + half]!];
          values[j] = (a + b) * Math.SQRT1_2;
          values[j + half] = (a - b) * Math.SQRT1_2;
        }
  return values;
}
