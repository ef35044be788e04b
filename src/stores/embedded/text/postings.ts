import { startOf } from "./dictionary.ts";

/**
 * Lists of rows, one for each key, laid end to end. They are filled in two passes over the same calls: the first
 * counts, `allocate` makes room, the second writes. Calls come by rising row; a call for the row that a key got last
 * adds to its count.
 */
export interface Postings {
  readonly ends: Uint32Array;
  readonly rows: Uint16Array;
  /** At most 255 each. */
  readonly counts: Uint8Array;
  add(key: number, row: number, count: number): void;
  allocate(): void;
}

export function postings(keys: number): Postings {
  const ends = new Uint32Array(keys);
  /** Per key: one more than the row it got last. */
  const latest = new Uint32Array(keys);
  const cursors = new Uint32Array(keys);
  let rows = new Uint16Array(0);
  let counts = new Uint8Array(0);
  let isCounting = true;
  return {
    ends,
    get rows() {
      return rows;
    },
    get counts() {
      return counts;
    },
    add: (key, row, count) => {
      const isNew = latest[key] !== row + 1;
      latest[key] = row + 1;
      if (isCounting) {
        if (isNew) ends[key] = (ends[key] as number) + 1;
        return;
      }
      let at = cursors[key] as number;
      if (isNew) {
        rows[at] = row;
        cursors[key] = at + 1;
      } else {
        at -= 1;
      }
      counts[at] = Math.min(255, (counts[at] as number) + count);
    },
    allocate: () => {
      for (let key = 1; key < keys; key += 1) ends[key] = (ends[key] as number) + (ends[key - 1] as number);
      for (let key = 0; key < keys; key += 1) cursors[key] = startOf(ends, key);
      latest.fill(0);
      rows = new Uint16Array(ends.at(-1) ?? 0);
      counts = new Uint8Array(rows.length);
      isCounting = false;
    },
  };
}
