import { hash, stems, words } from "./words.ts";

/** Every feature falls into one place of each block, so that every prefix of a vector is a vector of the same text. */
const blocks: readonly (readonly [start: number, size: number])[] = [
  [0, 256],
  [256, 256],
  [512, 512],
  [1024, 1024],
  [2048, 1024],
];

/**
 * A unit vector with real lexical similarity: signed hashes of stems, word pairs and letter trigrams. Equal `space`
 * means comparable vectors; `prompt` (the text a provider prepends) tilts a vector slightly, as it does there.
 */
export function hashedEmbedding(text: string, dimensions: number, space: string, prompt: string | null): Float32Array {
  const whole = new Float32Array(3072);
  const seed = hash(space);
  for (const [name, count] of features(text)) place(whole, hash(name, seed), Math.sqrt(count));
  if (prompt !== null) place(whole, hash(`prompt ${prompt}`, seed), 0.1 * norm(whole));
  const vector = whole.slice(0, dimensions);
  const length = norm(vector);
  return vector.map((value) => value / length);
}

function features(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const add = (name: string, weight: number): void => void found.set(name, (found.get(name) ?? 0) + weight);
  const list = stems(text);
  for (const [i, stem] of list.entries()) {
    add(`w ${stem}`, 1);
    if (i > 0) add(`p ${list[i - 1]} ${stem}`, 0.3);
    for (let at = 0; at + 3 <= stem.length; at++) add(`g ${stem.slice(at, at + 3)}`, 0.15);
  }
  if (list.length === 0) for (const word of [...words(text), text.trim()]) add(`x ${word}`, 1);
  return found;
}

function place(vector: Float32Array, code: number, weight: number): void {
  for (const [i, [start, size]] of blocks.entries()) {
    const mixed = Math.imul(code ^ (i * 0x9e3779b1), 0x85ebca6b) >>> 0;
    vector[start + ((mixed >>> 8) % size)]! += mixed & 1 ? weight : -weight;
  }
}

const norm = (vector: Float32Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1;
