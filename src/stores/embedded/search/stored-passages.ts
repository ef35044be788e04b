import type { ChunkName } from "../../../ports/chunk-store.ts";
import type { SnapshotFiles } from "../index/snapshot-files.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { storedVector } from "../tables/document-rows.ts";

/** Ids and stored vectors by slot, each read once a search. */
export interface StoredPassages {
  names(slots: readonly number[]): ReadonlyMap<number, ChunkName>;
  /** Slots without a vector are left out. */
  vectors(slots: readonly number[]): ReadonlyMap<number, Float32Array>;
}

interface Passage {
  readonly name: ChunkName;
  /** Undefined where it was not read. */
  readonly vector: Float32Array | null | undefined;
}

interface PassageRow extends ChunkName {
  readonly chunk_key: number;
  readonly vector?: Uint8Array | null;
}

export function storedPassages(db: Database, index: TenantIndex, files: SnapshotFiles): StoredPassages {
  const known = new Map<number, Passage>();

  function read(slots: readonly number[], columns: "" | ", c.vector"): void {
    if (slots.length === 0) return;
    readFromFile(slots);
    readFromDatabase(
      slots.filter((slot) => known.get(slot)?.vector === undefined),
      columns,
    );
  }

  /** A large base has them in a file of its own, which is quicker. */
  function readFromFile(slots: readonly number[]): void {
    const { base } = index;
    if (base.bits === null || base.snapshot === "") return;
    const old = slots.filter((slot) => slot < base.chunkKeys.length);
    for (const [slot, { vector, ...name }] of files.readPassages(base, old)) known.set(slot, { name, vector });
  }

  function readFromDatabase(slots: readonly number[], columns: "" | ", c.vector"): void {
    if (slots.length === 0) return;
    const rows = db.all<PassageRow>(
      `SELECT c.chunk_key, c.chunk_id, d.document_id${columns} FROM chunks c JOIN documents d USING (document_key)
       WHERE c.chunk_key IN (SELECT value FROM json_each(?))`,
      JSON.stringify(slots.map((slot) => index.slots.chunkKeys[slot]!)),
    );
    for (const { chunk_key, chunk_id, document_id, vector } of rows)
      known.set(index.slotOf(chunk_key), {
        name: { chunk_id, document_id },
        vector: vector && storedVector(vector),
      });
  }

  return {
    names: (slots) => {
      read(
        slots.filter((slot) => !known.has(slot)),
        "",
      );
      return new Map(slots.map((slot) => [slot, known.get(slot)!.name]));
    },
    vectors: (slots) => {
      // The ids stand in the same row, and whoever compares vectors asks for them next.
      read(
        slots.filter((slot) => known.get(slot)?.vector === undefined),
        ", c.vector",
      );
      return new Map(
        slots.flatMap((slot) => {
          const vector = known.get(slot)?.vector;
          return vector ? [[slot, vector] as const] : [];
        }),
      );
    },
  };
}
