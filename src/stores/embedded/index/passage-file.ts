import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { writeDurably } from "./write-durably.ts";

/** What a search needs of a candidate, as the database has it. */
export interface StoredPassage {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly vector: Float32Array | null;
}

/**
 * Ids and vectors of the slots of a base, in records of equal width, so that one is read by its place: a fifth of what
 * looking it up in the database takes. A record: checksum of the rest (4 bytes), lengths of both ids and whether there
 * is a vector (a byte each), ids in UTF-8 up to byte 128, vector. Ids that are longer leave the record empty.
 */
const idsAt = 8;
const vectorAt = 128;
const recordBytes = (dimensions: number): number => vectorAt + 4 * dimensions;

/** Records of one write. */
const together = 512;

/** When it returns, the file is durable. @param passages by slot. */
export function writePassages(path: string, dimensions: number, passages: Iterable<StoredPassage>): void {
  writeDurably(path, pieces(dimensions, passages));
}

function* pieces(dimensions: number, passages: Iterable<StoredPassage>): Generator<Uint8Array> {
  const width = recordBytes(dimensions);
  let piece = Buffer.alloc(together * width);
  let count = 0;
  for (const passage of passages) {
    encode(passage, piece.subarray(count * width, (count + 1) * width));
    count += 1;
    if (count < together) continue;
    yield piece;
    piece = Buffer.alloc(together * width);
    count = 0;
  }
  yield piece.subarray(0, count * width);
}

function encode({ chunk_id, document_id, vector }: StoredPassage, record: Buffer): void {
  const ids = [Buffer.from(chunk_id), Buffer.from(document_id)] as const;
  if (idsAt + ids[0].length + ids[1].length > vectorAt) return;
  record[4] = ids[0].length;
  record[5] = ids[1].length;
  ids[0].copy(record, idsAt);
  ids[1].copy(record, idsAt + ids[0].length);
  if (vector !== null && vectorAt + vector.byteLength === record.length) {
    record[6] = 1;
    record.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), vectorAt);
  }
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
}

/** Passages by slot. Those that the file cannot tell, because it is gone, cut off or damaged, are left out. */
export function readPassages(
  path: string,
  dimensions: number,
  slots: readonly number[],
): ReadonlyMap<number, StoredPassage> {
  const width = recordBytes(dimensions);
  const records = new Uint8Array(slots.length * width);
  const read = new Map<number, StoredPassage>();
  try {
    const file = openSync(path, "r");
    try {
      for (const [place, slot] of slots.entries()) {
        const at = place * width;
        if (readSync(file, records, at, width, slot * width) < width) continue;
        const passage = decode(Buffer.from(records.buffer, at, width));
        if (passage) read.set(slot, passage);
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return read;
  }
  return read;
}

function decode(record: Buffer): StoredPassage | null {
  const [chunkLength, documentLength, hasVector] = [record[4]!, record[5]!, record[6] === 1];
  if (chunkLength === 0 || crc32(record.subarray(4)) !== record.readUInt32LE(0)) return null;
  const documentAt = idsAt + chunkLength;
  const vectorBytes = record.length - vectorAt;
  return {
    chunk_id: record.toString("utf8", idsAt, documentAt),
    document_id: record.toString("utf8", documentAt, documentAt + documentLength),
    vector: hasVector ? new Float32Array(record.buffer, record.byteOffset + vectorAt, vectorBytes / 4) : null,
  };
}
