import type { Moments } from "../../../ports/chunk-store.ts";
import { countSlots, type Bitmap } from "../bitmap.ts";
import { bitScanner } from "../vector/bit-scanner.ts";
import { attachBitTable } from "../vector/bit-table.ts";
import type { CodeScanner, NearScores, VectorScores } from "../vector/code-scanner.ts";
import { attachCodeTable, createCodeTable, type CodeTable } from "../vector/code-table.ts";
import { filteredScanner, type FilteredScanner } from "../vector/filtered-scanner.ts";
import { plainScanner } from "../vector/plain-scanner.ts";
import type { SharedMemory } from "../vector/shared-rows.ts";
import { codeScanner } from "../vector/simd-scanner.ts";
import type { IndexBase } from "./index-base.ts";

/**
 * The 8-bit codes of a tenant's vectors: those of the shared base, which nobody changes, and those added since, which
 * belong to this thread. They find candidates; exact cosines come from the stored float32.
 */
export interface VectorCodes {
  /** The next slot; null for a chunk without a vector. */
  add(vector: Float32Array | null): void;
  scan(query: Float32Array, allowed: Bitmap, slots: number): VectorScores;
  /**
   * As `scan`, for somebody who wants the best `limit`: where there are very many, only those that may be among them
   * have a score, and the moments are those of a sample.
   */
  nearest(query: Float32Array, allowed: Bitmap, slots: number, limit: number): NearScores;
  /** The scores that a scan gives these slots, in their order. Valid until the next call. */
  scoresOf(query: Float32Array, slots: readonly number[]): Float32Array;
  /** Codes of these slots as a new base, in their order. */
  compact(slots: Uint32Array): SharedMemory;
}

/** From so many rows on, a memory of the kernels' kind is worth what it reserves. */
const kernelRows = 256;
const pageBytes = 65_536;

type Base = Pick<IndexBase, "dimensions" | "codes" | "bits" | "chunkKeys">;

export function vectorCodes({ dimensions, codes, bits, chunkKeys }: Base): VectorCodes {
  const baseRows = chunkKeys.length;
  const table = codes && attachCodeTable(dimensions, codes);
  // The kernels of the base, which compile, are made when they are first needed.
  let scanner: CodeScanner | null = null;
  let filter: FilteredScanner | null = null;
  const delta = deltaCodes(dimensions, baseRows);

  const scannerOf = (base: CodeTable): CodeScanner => (scanner ??= codeScanner(base));

  const scan: VectorCodes["scan"] = (query, allowed, slots) => {
    const recent = delta.scan(query, allowed);
    if (!table) return recent ? complete([recent], slots) : noScores(slots);
    const old = { first: 0, ...scannerOf(table).scan({ query, rows: baseRows, allowed }) };
    return complete(recent ? [recent, old] : [old], slots);
  };

  return {
    add: delta.add,
    scan,
    nearest: (query, allowed, slots, limit) => {
      if (!table || bits === null) return { slots: null, ...scan(query, allowed, slots) };
      filter ??= filteredScanner(scannerOf(table), bitScanner(attachBitTable(bits.mean, bits.rows)));
      const recent = delta.scan(query, allowed);
      const old = filter.scan({ query, rows: baseRows, allowed, count: countSlots(allowed, baseRows), limit });
      if (old.slots !== null) return recent ? joined(old, old.slots, recent) : old;
      const parts = [...(recent ? [recent] : []), { first: 0, ...old }];
      return { slots: null, ...complete(parts, slots) };
    },
    scoresOf: (query, slots) => {
      if (table && slots.every((slot) => slot < baseRows))
        return scannerOf(table).scoresOf(query, Uint32Array.from(slots));
      const scores = new Float32Array(slots.length).fill(-Infinity);
      const places = [...slots.keys()];
      const write = (among: readonly number[], scoresAt: (slots: Uint32Array) => Float32Array | null): void => {
        const found = among.length === 0 ? null : scoresAt(Uint32Array.from(among, (place) => slots[place]!));
        among.forEach((place, at) => found && (scores[place] = found[at]!));
      };
      const isOld = (place: number): boolean => slots[place]! < baseRows;
      write(places.filter(isOld), (old) => table && scannerOf(table).scoresOf(query, old));
      write(
        places.filter((place) => !isOld(place)),
        (recent) => delta.scoresOf(query, recent),
      );
      return scores;
    },
    compact: (slots) => {
      const target = createCodeTable({ dimensions, maximumRows: Math.max(1, slots.length) });
      target.rows.reserve(slots.length);
      slots.forEach((slot, row) => {
        const from = slot < baseRows ? table!.rows.row(slot) : delta.row(slot);
        target.rows.row(row).set(from);
      });
      return target.rows.memory;
    },
  };
}

interface PartScores extends VectorScores {
  readonly first: number;
}

interface DeltaCodes {
  add(vector: Float32Array | null): void;
  /** Null while it is empty. */
  scan(query: Float32Array, allowed: Bitmap): PartScores | null;
  scoresOf(query: Float32Array, slots: Uint32Array): Float32Array | null;
  row(slot: number): Uint8Array;
}

/** Rows begin at a slot that a byte of a bitmap begins with; the first ones, of the base, stay empty. */
function deltaCodes(dimensions: number, baseRows: number): DeltaCodes {
  const first = baseRows & ~7;
  let rows = baseRows - first;
  let table: CodeTable | null = null;
  let scanner: CodeScanner | null = null;

  function reserve(): CodeTable {
    if (table === null) {
      table = attachCodeTable(dimensions, plainMemory());
      scanner = plainScanner(table);
    } else if (rows === kernelRows) {
      const larger = createCodeTable({ dimensions });
      larger.rows.bytes(rows).set(table.rows.bytes(rows));
      table = larger;
      scanner = null;
    }
    return table;
  }

  return {
    add: (vector) => {
      reserve().set(rows, vector && unit(vector));
      rows += 1;
    },
    scan: (query, allowed) => {
      if (table === null) return null;
      scanner ??= codeScanner(table);
      return { first, ...scanner.scan({ query, rows, allowed: allowed.subarray(first >>> 3) }) };
    },
    scoresOf: (query, slots) => {
      if (table === null) return null;
      scanner ??= codeScanner(table);
      return scanner.scoresOf(
        query,
        slots.map((slot) => slot - first),
      );
    },
    row: (slot) => table!.rows.row(slot - first),
  };
}

/** Memory that is no kernel's: few rows need none, and each kernel's memory reserves gigabytes of addresses. */
function plainMemory(): SharedMemory {
  const buffer = new ArrayBuffer(pageBytes, { maxByteLength: 2 ** 28 });
  return {
    buffer,
    grow: (pages) => {
      const before = buffer.byteLength / pageBytes;
      buffer.resize(buffer.byteLength + pages * pageBytes);
      return before;
    },
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}

const noScores = (slots: number): VectorScores => ({
  scores: new Float32Array(slots).fill(-Infinity),
  moments: { mean: 0, deviation: 0, count: 0 },
});

/** The base comes last: it also covers the empty rows with which the others begin. */
function complete(parts: readonly PartScores[], slots: number): VectorScores {
  const [only] = parts;
  if (parts.length === 1 && only!.first === 0 && only!.scores.length === slots) return only!;
  const scores = new Float32Array(slots).fill(-Infinity);
  for (const part of parts) scores.set(part.scores, part.first);
  return { scores, moments: parts.map((part) => part.moments).reduce(together) };
}

/** The near ones of the base, and all that were added since. */
function joined(base: NearScores, baseSlots: Uint32Array, { first, scores, moments }: PartScores): NearScores {
  const places = [...scores.keys()].filter((place) => scores[place]! > -Infinity);
  return {
    slots: Uint32Array.from([...baseSlots, ...places.map((place) => first + place)]),
    scores: Float32Array.from([...base.scores, ...places.map((place) => scores[place]!)]),
    moments: together(moments, base.moments),
  };
}

function together(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a;
  const mean = (a.mean * a.count + b.mean * b.count) / count;
  const square = [a, b].reduce((sum, m) => sum + (m.deviation ** 2 + m.mean ** 2) * m.count, 0) / count;
  return { mean, deviation: Math.sqrt(Math.max(0, square - mean * mean)), count };
}
