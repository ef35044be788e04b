import { HybridRAGError } from "../../../errors.ts";
import type { NameTable } from "./name-table.ts";

/**
 * An immutable piece of a tenant's graph in one buffer of shared memory, the same in every thread and in the snapshot
 * file. A row is a passage; rows are in the order of the chunk ids, so rows that rise are ids that rise.
 */
export interface GraphData {
  /** Per row: the slot of the chunk within the tenant's index. */
  readonly slots: Uint32Array;
  readonly idEnds: Uint32Array;
  readonly nameEnds: Uint32Array;
  /**
   * Places in `nameText` where a later word of a name of 2 to 7 words begins, sorted by the text from there to the end
   * of the name: all names with certain words in them are neighbours.
   */
  readonly inside: Uint32Array;
  /** The name that each of these places lies in. */
  readonly insideNames: Uint32Array;
  /** Names of row i lie at `passageEnds[i - 1] .. passageEnds[i]`: index << 2 | flags, rising. */
  readonly passageEnds: Uint32Array;
  readonly passageNames: Uint32Array;
  /** Passages of name i lie at `postingEnds[i - 1] .. postingEnds[i]`: row << 2 | flags; titles first, each part rising. */
  readonly postingEnds: Uint32Array;
  readonly postings: Uint32Array;
  readonly idText: Uint8Array;
  readonly nameText: Uint8Array;
  /** Bit i: a longer name of 2 to 7 words of this segment has name i in it. Most have none, and need no search. */
  readonly withinLonger: Uint8Array;
}

export interface GraphSegment extends GraphData {
  /** The whole segment, as it is written to a file. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly rows: number;
  readonly ids: NameTable;
  readonly names: NameTable;
}

/** The name is the passage's title; it stands in its body. */
export const asTitle = 1;
export const inBody = 2;

type Width = 1 | 4;

/** Wide elements first, so that every section is aligned. */
const layout: readonly (readonly [keyof GraphData, Width])[] = [
  ["slots", 4],
  ["idEnds", 4],
  ["nameEnds", 4],
  ["inside", 4],
  ["insideNames", 4],
  ["passageEnds", 4],
  ["passageNames", 4],
  ["postingEnds", 4],
  ["postings", 4],
  ["idText", 1],
  ["nameText", 1],
  ["withinLonger", 1],
];

const magic = 0x49_50_47_48;
const headerBytes = (1 + layout.length) * 4;

export function encodeGraphSegment(data: GraphData): GraphSegment {
  const size = layout.reduce((sum, [name, width]) => sum + data[name].length * width, headerBytes);
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const header = new DataView(bytes.buffer);
  header.setUint32(0, magic, true);
  let at = headerBytes;
  for (const [index, [name, width]] of layout.entries()) {
    const section = data[name];
    header.setUint32(4 + index * 4, section.length, true);
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at += section.length * width;
  }
  return openGraphSegment(bytes);
}

/** Copies nothing. Throws `data_damaged` when these bytes are not a segment that this version writes. */
export function openGraphSegment(bytes: Uint8Array<SharedArrayBuffer>): GraphSegment {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < headerBytes || bytes.byteOffset % 4 !== 0 || header.getUint32(0, true) !== magic)
    throw damaged();
  const sections: Partial<Record<keyof GraphData, Uint8Array | Uint32Array>> = {};
  let at = headerBytes;
  for (const [index, [name, width]] of layout.entries()) {
    const length = header.getUint32(4 + index * 4, true);
    if (at + length * width > bytes.byteLength) throw damaged();
    const offset = bytes.byteOffset + at;
    sections[name] =
      width === 1 ? new Uint8Array(bytes.buffer, offset, length) : new Uint32Array(bytes.buffer, offset, length);
    at += length * width;
  }
  const data = sections as unknown as GraphData;
  return {
    ...data,
    bytes,
    rows: data.slots.length,
    ids: { text: bufferOf(data.idText), ends: data.idEnds },
    names: { text: bufferOf(data.nameText), ends: data.nameEnds },
  };
}

/** The same bytes: a buffer turns parts of itself into strings without a view of each. */
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

const damaged = (): HybridRAGError =>
  new HybridRAGError("data_damaged", "A part of the graph's index is damaged or of another version; build it again.");
