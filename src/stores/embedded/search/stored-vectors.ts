import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { storedVector } from "../tables/document-rows.ts";

/** Stored vectors by slot, each read from the database once a search; slots without one are left out. */
export type StoredVectors = (slots: readonly number[]) => ReadonlyMap<number, Float32Array>;

export function storedVectors(db: Database, index: TenantIndex): StoredVectors {
  const known = new Map<number, Float32Array | null>();
  return (slots) => {
    read(slots.filter((slot) => !known.has(slot)));
    return new Map(
      slots.flatMap((slot) => {
        const vector = known.get(slot);
        return vector ? [[slot, vector] as const] : [];
      }),
    );
  };

  function read(slots: readonly number[]): void {
    if (slots.length === 0) return;
    const rows = db.all<{ chunk_key: number; vector: Uint8Array }>(
      `SELECT chunk_key, vector FROM chunks
       WHERE vector IS NOT NULL AND chunk_key IN (SELECT value FROM json_each(?))`,
      JSON.stringify(slots.map((slot) => index.slots.chunkKeys[slot]!)),
    );
    for (const slot of slots) known.set(slot, null);
    for (const { chunk_key, vector } of rows) known.set(index.slotOf(chunk_key), storedVector(vector));
  }
}

/** Vectors of candidates on their way to another thread, in one piece: each transfer has a price of its own. */
export interface SentVectors {
  readonly dimensions: number;
  readonly values: Float32Array;
  /** The place of each row among the candidates. */
  readonly places: readonly number[];
}

/** @param vectors by place; a candidate without a vector has none. */
export function packVectors(dimensions: number, vectors: readonly (Float32Array | undefined)[]): SentVectors {
  const places = vectors.flatMap((vector, place) => (vector ? [place] : []));
  const values = new Float32Array(places.length * dimensions);
  places.forEach((place, row) => values.set(vectors[place]!, row * dimensions));
  return { dimensions, values, places };
}

/** The candidates with their vectors, which share one buffer. */
export function withVectors<Candidate extends object>(
  candidates: readonly Candidate[],
  { dimensions, values, places }: SentVectors,
): readonly (Candidate & { readonly vector?: Float32Array })[] {
  const result: (Candidate & { readonly vector?: Float32Array })[] = [...candidates];
  places.forEach((place, row) => {
    const vector = values.subarray(row * dimensions, (row + 1) * dimensions);
    result[place] = { ...candidates[place]!, vector };
  });
  return result;
}
