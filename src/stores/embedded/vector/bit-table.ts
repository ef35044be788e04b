import { randomRotation } from "./rotation.ts";
import { attachSharedRows, createSharedRows, type SharedMemory, type SharedRows } from "./shared-rows.ts";

/**
 * One bit per dimension of all vectors, in memory that all threads share: the sign after taking the mean away and a
 * random rotation. It tells which few vectors are worth comparing by their 8-bit codes.
 */
export interface BitTable {
  readonly dimensions: number;
  /** What was taken away, fixed for the life of the table: that of the vectors there were when it was made. */
  readonly mean: Float32Array;
  readonly rows: SharedRows;
  set(slot: number, vector: Float32Array): void;
  /** Writes a vector's bits into a row's width of bytes. */
  encode(vector: Float32Array, target: Uint8Array): void;
}

/** Part of the format: another seed, other bits. */
const seed = 0x48_52_41_47;
/** Kernels read 16 bytes at a time. */
const bytesPerRow = (dimensions: number): number => Math.ceil(dimensions / 128) * 16;

export const createBitTable = (mean: Float32Array, maximumRows: number): BitTable =>
  bitTable(mean, createSharedRows(bytesPerRow(mean.length), maximumRows));

/** The table that another thread made. */
export const attachBitTable = (mean: Float32Array, memory: SharedMemory): BitTable =>
  bitTable(mean, attachSharedRows(memory, bytesPerRow(mean.length)));

function bitTable(mean: Float32Array, rows: SharedRows): BitTable {
  const dimensions = mean.length;
  const rotate = randomRotation(dimensions, seed);
  const turned = new Float64Array(dimensions);
  const encode = (vector: Float32Array, target: Uint8Array): void => {
    for (let i = 0; i < dimensions; i += 1) turned[i] = (vector[i] as number) - (mean[i] as number);
    rotate(turned);
    target.fill(0);
    for (let i = 0; i < dimensions; i += 1) {
      if ((turned[i] as number) > 0) target[i >>> 3] = (target[i >>> 3] as number) | (1 << (i & 7));
    }
  };
  return {
    dimensions,
    mean,
    rows,
    encode,
    set: (slot, vector) => {
      rows.reserve(slot + 1);
      encode(vector, rows.row(slot));
    },
  };
}

/** The mean of vectors, for a new table. Zero of none. */
export function meanVector(dimensions: number, vectors: Iterable<Float32Array>): Float32Array {
  const sum = new Float64Array(dimensions);
  let count = 0;
  for (const vector of vectors) {
    for (let i = 0; i < dimensions; i += 1) sum[i] = (sum[i] as number) + (vector[i] as number);
    count += 1;
  }
  return Float32Array.from(sum, (value) => value / Math.max(1, count));
}
