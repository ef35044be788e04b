import { compareText } from "../../../filter/matches.ts";
import { encodeGraphSegment, asTitle, type GraphSegment } from "./graph-segment.ts";
import { nameAt, nameTable, startOfName, type NameTable } from "./name-table.ts";

/** A passage as the graph's index takes it in. */
export interface PassageNames {
  readonly slot: number;
  readonly chunkId: string;
  /** Each name once, with `asTitle` or `inBody` or both as flags. */
  readonly names: readonly NamedPassage[];
}

export interface NamedPassage {
  readonly entity: string;
  readonly flags: number;
}

/** Longer names have no parts that anyone would ask by. */
export const longestName = 7;

export function buildGraphSegment(passages: readonly PassageNames[]): GraphSegment {
  const rows = passages.toSorted((a, b) => compareText(a.chunkId, b.chunkId));
  const sorted = inOrder([...new Set(rows.flatMap((row) => row.names.map((name) => name.entity)))]);
  const indexes = new Map(sorted.map((name, index) => [name, index]));
  const names = nameTable(sorted);
  const ids = nameTable(rows.map((row) => row.chunkId));
  const lists = rows.map((row) =>
    Uint32Array.from(row.names, ({ entity, flags }) => (indexes.get(entity)! << 2) | flags).sort(),
  );
  return encodeGraphSegment({
    slots: Uint32Array.from(rows, (row) => row.slot),
    idEnds: ids.ends,
    idText: ids.text,
    nameEnds: names.ends,
    nameText: names.text,
    ...insideOf(names, sorted),
    withinLonger: withinLonger(sorted, indexes),
    ...joined(lists),
    ...postingsOf(lists, sorted.length),
  });
}

/** By code point; the engine's own order is the same, and faster, where no character needs two units. */
const inOrder = (names: string[]): string[] =>
  names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(compareText) : names.sort();

function joined(lists: readonly Uint32Array[]) {
  const passageEnds = new Uint32Array(lists.length);
  const passageNames = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  lists.forEach((list, row) => {
    passageNames.set(list, at);
    passageEnds[row] = at += list.length;
  });
  return { passageEnds, passageNames };
}

/** The passages of each name: those with the name as their title first. */
function postingsOf(lists: readonly Uint32Array[], names: number) {
  const counts = new Uint32Array(names);
  const titles = new Uint32Array(names);
  for (const list of lists) {
    for (const entry of list) {
      counts[entry >>> 2]! += 1;
      if (entry & asTitle) titles[entry >>> 2]! += 1;
    }
  }
  const postingEnds = counts.slice();
  for (let name = 1; name < names; name++) postingEnds[name]! += postingEnds[name - 1]!;
  const nextTitle = postingEnds.map((end, name) => end - counts[name]!);
  const nextOther = nextTitle.map((start, name) => start + titles[name]!);
  const postings = new Uint32Array(postingEnds.at(-1) ?? 0);
  lists.forEach((list, row) => {
    for (const entry of list) {
      const next = entry & asTitle ? nextTitle : nextOther;
      postings[next[entry >>> 2]!++] = (row << 2) | (entry & 3);
    }
  });
  return { postingEnds, postings };
}

function insideOf({ ends }: NameTable, sorted: readonly string[]) {
  const places: { readonly text: string; readonly place: number; readonly name: number }[] = [];
  sorted.forEach((name, index) => {
    if (!name.includes(" ") || name.split(" ").length > longestName) return;
    const start = startOfName(ends, index);
    for (let at = name.indexOf(" "); at >= 0; at = name.indexOf(" ", at + 1)) {
      const before = Buffer.byteLength(name.slice(0, at + 1));
      places.push({ text: name.slice(at + 1), place: start + before, name: index });
    }
  });
  const isPlain = !places.some(({ text }) => /[\ud800-\udfff]/.test(text));
  const compare = isPlain ? compareUnits : compareText;
  places.sort((a, b) => compare(a.text, b.text) || a.place - b.place);
  return {
    inside: Uint32Array.from(places, ({ place }) => place),
    insideNames: Uint32Array.from(places, ({ name }) => name),
  };
}

/** Every shorter part of every name that is a name itself. */
function withinLonger(sorted: readonly string[], indexes: ReadonlyMap<string, number>): Uint8Array {
  const bits = new Uint8Array((sorted.length + 7) >>> 3);
  for (const name of sorted) {
    const words = name.split(" ");
    if (words.length > longestName) continue;
    for (let start = 0; start < words.length; start++) {
      for (let end = start + 1; end <= words.length && end - start < words.length; end++) {
        const part = indexes.get(words.slice(start, end).join(" "));
        if (part !== undefined) bits[part >>> 3]! |= 1 << (part & 7);
      }
    }
  }
  return bits;
}

const compareUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The passages of a segment that are kept, under their new slots (−1: gone). */
export function passagesOf(segment: GraphSegment, newSlot: (slot: number) => number): readonly PassageNames[] {
  const names = Array.from({ length: segment.nameEnds.length }, (_none, index) => nameAt(segment.names, index));
  const kept: PassageNames[] = [];
  for (let row = 0; row < segment.rows; row++) {
    const slot = newSlot(segment.slots[row]!);
    if (slot < 0) continue;
    const entries = segment.passageNames.subarray(startOfName(segment.passageEnds, row), segment.passageEnds[row]);
    kept.push({
      slot,
      chunkId: nameAt(segment.ids, row),
      names: Array.from(entries, (entry) => ({ entity: names[entry >>> 2]!, flags: entry & 3 })),
    });
  }
  return kept;
}
