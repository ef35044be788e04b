import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { openGraphSegment } from "../graph/graph-segment.ts";
import { openSegment } from "../text/segment.ts";
import { attachBitTable, createBitTable } from "../vector/bit-table.ts";
import { attachCodeTable, createCodeTable } from "../vector/code-table.ts";
import type { IndexBase } from "./index-base.ts";
import { readPassages, writePassages, type StoredPassage } from "./passage-file.ts";
import { writeDurably } from "./write-durably.ts";

/** Bases on disk. They are a copy of what the database says: a file that is missing or damaged is no loss. */
export interface SnapshotFiles {
  /** Null when there is no such file, or when it is damaged or of another format or analyser. */
  read(tenant: number, snapshot: string): IndexBase | null;
  /** When it returns, the file is durable; a crash before leaves no file of this name. */
  write(base: IndexBase): void;
  /** Ids and vectors of a base beside its file, by slot; see `passage-file.ts`. */
  writePassages(base: IndexBase, passages: Iterable<StoredPassage>): void;
  /** What such a file can tell. */
  readPassages(base: IndexBase, slots: readonly number[]): ReadonlyMap<number, StoredPassage>;
  /** Removes the tenant's other files. */
  keepOnly(tenant: number, snapshot: string): void;
}

/** Its last byte counts the formats; a file of another one is not read, and the index is built and written again. */
const magic = 0x35_58_44_49;
const prefixBytes = 12;
const alignment = 64;

interface Header {
  readonly fingerprint: string;
  readonly tenant: number;
  readonly seq: number;
  readonly snapshot: string;
  readonly dimensions: number;
  readonly slots: number;
  readonly segments: readonly number[];
  readonly graph: readonly number[];
  /** Whether the bits of the vectors stand behind their codes; before the segments their mean. */
  readonly bits: boolean;
}

export function snapshotFiles(directory: string, fingerprint: string): SnapshotFiles {
  const pathOf = (tenant: number, snapshot: string): string => join(directory, `tenant-${tenant}-${snapshot}.index`);
  const passagePath = (tenant: number, snapshot: string): string =>
    join(directory, `tenant-${tenant}-${snapshot}.passages`);
  return {
    read: (tenant, snapshot) => {
      const base = readBase(pathOf(tenant, snapshot), fingerprint);
      return base?.snapshot === snapshot && base.tenant === tenant ? base : null;
    },
    write: (base) => {
      mkdirSync(directory, { recursive: true });
      writeDurably(pathOf(base.tenant, base.snapshot), encode(base, fingerprint));
    },
    writePassages: ({ tenant, snapshot, dimensions }, passages) =>
      writePassages(passagePath(tenant, snapshot), dimensions, passages),
    readPassages: ({ tenant, snapshot, dimensions }, slots) =>
      readPassages(passagePath(tenant, snapshot), dimensions, slots),
    keepOnly: (tenant, snapshot) => {
      const kept = `tenant-${tenant}-${snapshot}.`;
      for (const name of namesIn(directory)) {
        if (name.startsWith(`tenant-${tenant}-`) && !name.startsWith(kept))
          rmSync(join(directory, name), { force: true });
      }
    },
  };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

const aligned = (length: number): number => Math.ceil(length / alignment) * alignment;

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** The pieces of the file in order: prefix with checksum, header, columns and segments at multiples of 64 bytes, codes, bits. */
function encode(base: IndexBase, fingerprint: string): readonly Uint8Array[] {
  const { tenant, seq, snapshot, dimensions, segments, graph, bits } = base;
  const header: Header = {
    fingerprint,
    tenant,
    seq,
    snapshot,
    dimensions,
    slots: base.chunkKeys.length,
    segments: segments.map((segment) => segment.byteLength),
    graph: graph.map((segment) => segment.byteLength),
    bits: base.bits !== null,
  };
  const text = Buffer.from(JSON.stringify(header));
  const codes = attachCodeTable(dimensions, base.codes!).rows.bytes(base.chunkKeys.length);
  const mean = bits?.mean ?? new Float32Array(0);
  const sections = [base.chunkKeys, base.metadataIds, base.documentKeys, mean, ...segments, ...graph];
  const body = [
    Buffer.concat([text, Buffer.alloc(aligned(prefixBytes + text.length) - prefixBytes - text.length, " ")]),
    ...sections.flatMap((section) => [
      bytesOf(section),
      new Uint8Array(aligned(section.byteLength) - section.byteLength),
    ]),
    codes,
    bits === null ? new Uint8Array(0) : attachBitTable(bits.mean, bits.rows).rows.bytes(base.chunkKeys.length),
  ];
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32LE(magic, 0);
  prefix.writeUInt32LE(body[0]!.length, 4);
  prefix.writeUInt32LE(
    body.reduce((sum, piece) => crc32(piece, sum), 0),
    8,
  );
  return [prefix, ...body];
}

/** Whatever is wrong with the file, the answer is the same: build the index again. */
function readBase(path: string, fingerprint: string): IndexBase | null {
  try {
    const file = openSync(path, "r");
    try {
      return decode(file, fingerprint);
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/** The codes, the largest section, go straight into the memory that the kernels read. */
function decode(file: number, fingerprint: string): IndexBase | null {
  const prefix = new DataView(new ArrayBuffer(prefixBytes));
  fill(file, new Uint8Array(prefix.buffer), 0);
  if (prefix.getUint32(0, true) !== magic) return null;
  const headerBytes = new Uint8Array(prefix.getUint32(4, true));
  fill(file, headerBytes, prefixBytes);
  const header = JSON.parse(Buffer.from(headerBytes).toString()) as Header;
  if (header.fingerprint !== fingerprint) return null;
  const { tenant, seq, snapshot, dimensions, slots } = header;
  const meanBytes = header.bits ? dimensions * 4 : 0;
  const lengths = [slots * 8, slots * 4, slots * 4, meanBytes, ...header.segments, ...header.graph];
  const offsets = lengths.map((_length, at) => lengths.slice(0, at).reduce((sum, length) => sum + aligned(length), 0));
  const columns = new SharedArrayBuffer(lengths.reduce((sum, length) => sum + aligned(length), 0));
  const columnsAt = prefixBytes + headerBytes.length;
  fill(file, new Uint8Array(columns), columnsAt);
  const table = createCodeTable({ dimensions, maximumRows: slots });
  const codes = table.rows.bytes(slots);
  fill(file, codes, columnsAt + columns.byteLength);
  const mean = new Float32Array(columns, offsets[3], meanBytes / 4);
  const bits = header.bits ? createBitTable(mean, slots).rows : null;
  const bitRows = bits?.bytes(slots) ?? new Uint8Array(0);
  fill(file, bitRows, columnsAt + columns.byteLength + codes.length);
  const sum = [headerBytes, new Uint8Array(columns), codes, bitRows].reduce((sum, piece) => crc32(piece, sum), 0);
  if (sum !== prefix.getUint32(8, true)) return null;
  return {
    tenant,
    seq,
    snapshot,
    dimensions,
    chunkKeys: new Float64Array(columns, offsets[0], slots),
    metadataIds: new Uint32Array(columns, offsets[1], slots),
    documentKeys: new Uint32Array(columns, offsets[2], slots),
    codes: table.rows.memory,
    bits: bits && { mean, rows: bits.memory },
    segments: header.segments.map((length, at) => openSegment(new Uint8Array(columns, offsets[4 + at], length)).bytes),
    graph: header.graph.map(
      (length, at) => openGraphSegment(new Uint8Array(columns, offsets[4 + header.segments.length + at], length)).bytes,
    ),
  };
}

/** @throws when the file ends before. */
function fill(file: number, target: Uint8Array, position: number): void {
  let at = 0;
  while (at < target.length) {
    const read = readSync(file, target, at, target.length - at, position + at);
    if (read === 0) throw new Error("The file is cut off.");
    at += read;
  }
}
