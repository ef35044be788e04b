import { crc32 } from "node:zlib";
import { HybridRAGError } from "../../../errors.ts";

/**
 * An immutable piece of the text index in one contiguous buffer, the same in memory and in a file, that any number of
 * threads may read. A row is one chunk; rows are sorted by slot, the number that the caller gave the chunk. All
 * strings are UTF-16, sorted by code unit.
 *
 * A row has two fields: the body, which is title and content together, and the title alone.
 */
export interface SegmentData {
  /** Per row, rising. */
  readonly slots: Uint32Array;
  /** Per row: index into `tenants`. */
  readonly owners: Uint16Array;
  /** Rising. */
  readonly tenants: Uint32Array;
  /** Per row: indexed words of the body and of the title. */
  readonly bodyLengths: Uint32Array;
  readonly titleLengths: Uint32Array;
  /** Term i is `termText[termEnds[i - 1] .. termEnds[i])`. */
  readonly termText: Uint16Array;
  readonly termEnds: Uint32Array;
  /** Postings of term i lie at `bodyEnds[i - 1] .. bodyEnds[i]`: rows, rising, and how often it stands there (≤ 255). */
  readonly bodyEnds: Uint32Array;
  readonly bodyRows: Uint16Array;
  readonly bodyCounts: Uint8Array;
  readonly titleEnds: Uint32Array;
  readonly titleRows: Uint16Array;
  readonly titleCounts: Uint8Array;
  /** The words before stemming, as people write them: what prefixes and typing errors are looked up in. */
  readonly wordText: Uint16Array;
  readonly wordEnds: Uint32Array;
  /** Per word: its term, and which letters it has (see `letterSignature`). */
  readonly wordTerms: Uint32Array;
  readonly wordSignatures: Uint32Array;
  /** Rows of word i; none when it is the only word of its term, whose rows are then its own. */
  readonly wordRowEnds: Uint32Array;
  readonly wordRows: Uint16Array;
}

export interface TextSegment extends SegmentData {
  /** The whole segment, as it is written to a file. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly rows: number;
}

/** Rows are 16 bits wide, and one owner number means nobody. */
export const mostSegmentRows = 0xffff;

type Section = Uint8Array | Uint16Array | Uint32Array;
type SectionWidth = 1 | 2 | 4;

/** In the order of the file: wide elements first, so that every section is aligned. */
const layout: readonly (readonly [keyof SegmentData, SectionWidth])[] = [
  ["slots", 4],
  ["tenants", 4],
  ["bodyLengths", 4],
  ["titleLengths", 4],
  ["termEnds", 4],
  ["bodyEnds", 4],
  ["titleEnds", 4],
  ["wordEnds", 4],
  ["wordTerms", 4],
  ["wordSignatures", 4],
  ["wordRowEnds", 4],
  ["owners", 2],
  ["termText", 2],
  ["bodyRows", 2],
  ["titleRows", 2],
  ["wordText", 2],
  ["wordRows", 2],
  ["bodyCounts", 1],
  ["titleCounts", 1],
];

const magic = 0x54_52_59_48;
const formatVersion = 1;
/** Magic, version, checksum of all that follows it, then the number of elements of each section. */
const headerBytes = (3 + layout.length) * 4;

export function encodeSegment(data: SegmentData): TextSegment {
  const size = layout.reduce((sum, [name, width]) => sum + data[name].length * width, headerBytes);
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const header = new DataView(bytes.buffer);
  header.setUint32(0, magic, true);
  header.setUint32(4, formatVersion, true);
  let at = headerBytes;
  for (const [index, [name, width]] of layout.entries()) {
    const section: Section = data[name];
    header.setUint32(12 + index * 4, section.length, true);
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at += section.length * width;
  }
  header.setUint32(8, checksum(bytes), true);
  return openSegment(bytes);
}

/** Copies nothing. Throws `data_damaged` when these bytes are not a segment that this version writes. */
export function openSegment(bytes: Uint8Array<SharedArrayBuffer>): TextSegment {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < headerBytes || header.getUint32(0, true) !== magic || bytes.byteOffset % 4 !== 0)
    throw damaged();
  if (header.getUint32(4, true) !== formatVersion) throw damaged();
  const sections: Partial<Record<keyof SegmentData, Section>> = {};
  let at = headerBytes;
  for (const [index, [name, width]] of layout.entries()) {
    const length = header.getUint32(12 + index * 4, true);
    if (at + length * width > bytes.byteLength) throw damaged();
    sections[name] = view(bytes, at, length, width);
    at += length * width;
  }
  if (at !== bytes.byteLength) throw damaged();
  const data = sections as unknown as SegmentData;
  return { ...data, bytes, rows: data.slots.length };
}

/** Reads every byte: for files, once, after `openSegment`. Throws `data_damaged`. */
export function verifySegment({ bytes }: TextSegment): void {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.getUint32(8, true) !== checksum(bytes)) throw damaged();
}

function view(bytes: Uint8Array<SharedArrayBuffer>, at: number, length: number, width: SectionWidth): Section {
  const offset = bytes.byteOffset + at;
  if (width === 1) return new Uint8Array(bytes.buffer, offset, length);
  return width === 2 ? new Uint16Array(bytes.buffer, offset, length) : new Uint32Array(bytes.buffer, offset, length);
}

const checksum = (bytes: Uint8Array<SharedArrayBuffer>): number => crc32(bytes.subarray(12));

const damaged = (): HybridRAGError =>
  new HybridRAGError("data_damaged", "A part of the text index is damaged or of another version; build it again.");
