import { compareText } from "../../../filter/matches.ts";
import type { EntityWeight } from "../../../ports/graph-store.ts";
import { rowTest, type Allowed } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { NamedPassage } from "./build-graph-segment.ts";
import { asTitle, inBody, type GraphSegment } from "./graph-segment.ts";
import { bytesOfName, nameAt, nameIndex, startOfName } from "./name-table.ts";
import { namesWithWords } from "./names-with-words.ts";

/** A passage that is seen. */
export interface Place {
  readonly slot: number;
  readonly id: string;
  readonly segment: GraphSegment;
  readonly row: number;
}

/** The part of a tenant's graph that scope and filter let through, within one call. Places are in the order of ids. */
export interface GraphView {
  place(chunkId: string): Place | null;
  /** Ordered by name. */
  namesIn(place: Place): readonly NamedPassage[];
  weight(entity: string): EntityWeight | null;
  titled(entity: string): readonly Place[];
  /** Passages in whose body the name stands, `limit` at most. */
  standing(entity: string, limit: number): readonly Place[];
  /** Passages that mention a longer name of up to seven words with this one in it; null for more than `most`. */
  namingLonger(entity: string, most: number): readonly Place[] | null;
}

export function graphView(index: TenantIndex, allowed: Allowed): GraphView {
  const { segments } = index.graph;
  const { isSeen, seesAll } = sight(index, allowed);
  const places = new Map<number, Place>();
  const weights = new Map<string, EntityWeight | null>();

  function placeAt(segment: GraphSegment, row: number): Place {
    const slot = segment.slots[row]!;
    const known = places.get(slot);
    if (known) return known;
    const place = { slot, id: nameAt(segment.ids, row), segment, row };
    places.set(slot, place);
    return place;
  }

  function weigh(entity: string): EntityWeight | null {
    let [passages, titled] = [0, 0];
    const name = bytesOfName(entity);
    for (const segment of segments) {
      const list = postingsOf(segment, nameIndex(segment.names, name));
      if (seesAll) passages += list.length;
      for (const posting of list) {
        const isTitle = (posting & asTitle) !== 0;
        if (seesAll && !isTitle) break;
        if (!isSeen(segment.slots[posting >>> 2]!)) continue;
        if (!seesAll) passages += 1;
        if (isTitle) titled += 1;
      }
    }
    return passages === 0 ? null : { entity, passages, titled };
  }

  /** Rows of each segment that `rowsIn` gives and that are seen, together in the order of ids. */
  function collect(rowsIn: (segment: GraphSegment) => Iterable<number>): readonly Place[] {
    const lists = segments
      .map((segment) => Array.from(rowsIn(segment), (row) => placeAt(segment, row)))
      .filter((list) => list.length > 0);
    return lists.length < 2 ? (lists[0] ?? []) : lists.flat().toSorted((a, b) => compareText(a.id, b.id));
  }

  const seenRows = (segment: GraphSegment, rows: Iterable<number>): readonly number[] =>
    [...new Set(rows)].filter((row) => isSeen(segment.slots[row]!)).toSorted((a, b) => a - b);

  return {
    place: (chunkId) => {
      const id = bytesOfName(chunkId);
      for (const segment of segments) {
        const row = nameIndex(segment.ids, id);
        if (row >= 0 && isSeen(segment.slots[row]!)) return placeAt(segment, row);
      }
      return null;
    },
    namesIn: ({ segment, row }) =>
      Array.from(
        segment.passageNames.subarray(startOfName(segment.passageEnds, row), segment.passageEnds[row]),
        (entry) => ({ entity: nameAt(segment.names, entry >>> 2), flags: entry & 3 }),
      ),
    weight: (entity) => {
      if (!weights.has(entity)) weights.set(entity, weigh(entity));
      return weights.get(entity)!;
    },
    titled: (entity) => {
      const name = bytesOfName(entity);
      return collect((segment) => seenRows(segment, titleRows(postingsOf(segment, nameIndex(segment.names, name)))));
    },
    standing: (entity, limit) => {
      const name = bytesOfName(entity);
      return collect((segment) => {
        const list = postingsOf(segment, nameIndex(segment.names, name));
        return standingRows(list, limit, (row) => isSeen(segment.slots[row]!));
      }).slice(0, limit);
    },
    namingLonger: (entity, most) => {
      const found = new Set<number>();
      const wanted = bytesOfName(entity);
      for (const segment of segments) {
        for (const longer of namesWithWords(segment, wanted)) {
          for (const posting of postingsOf(segment, longer)) {
            const slot = segment.slots[posting >>> 2]!;
            if (!isSeen(slot)) continue;
            found.add(placeAt(segment, posting >>> 2).slot);
            if (found.size > most) return null;
          }
        }
      }
      return Array.from(found, (slot) => places.get(slot)!).toSorted((a, b) => compareText(a.id, b.id));
    },
  };
}

export interface Sight {
  isSeen(slot: number): boolean;
  readonly seesAll: boolean;
}

export function sight({ slots }: TenantIndex, allowed: Allowed): Sight {
  if (allowed.of === "all" && slots.dead === 0) return { isSeen: () => true, seesAll: true };
  const test = rowTest(allowed);
  return {
    isSeen: (slot) => slots.isAlive(slot) && test(slots.metadataIds[slot]!, slots.documentKeys[slot]!),
    seesAll: false,
  };
}

const nothing = new Uint32Array(0);

export const postingsOf = ({ postingEnds, postings }: GraphSegment, name: number): Uint32Array =>
  name < 0 ? nothing : postings.subarray(startOfName(postingEnds, name), postingEnds[name]);

function* titleRows(postings: Uint32Array): Generator<number> {
  for (const posting of postings) {
    if ((posting & asTitle) === 0) return;
    yield posting >>> 2;
  }
}

/** The lowest rows: titles come first in a list, so theirs are sorted in. */
function standingRows(postings: Uint32Array, limit: number, isSeen: (row: number) => boolean): readonly number[] {
  const alsoTitles: number[] = [];
  const others: number[] = [];
  for (const posting of postings) {
    if ((posting & inBody) === 0 || !isSeen(posting >>> 2)) continue;
    (posting & asTitle ? alsoTitles : others).push(posting >>> 2);
    if (others.length === limit) break;
  }
  return alsoTitles.length === 0 ? others : [...alsoTitles, ...others].sort((a, b) => a - b).slice(0, limit);
}
