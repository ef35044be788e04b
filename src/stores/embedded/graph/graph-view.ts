import { compareText } from "../../../filter/matches.ts";
import type { EntityWeight, LinkedPassage } from "../../../ports/graph-store.ts";
import { rowTest, type Allowed } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import { asTitle, inBody, type GraphSegment } from "./graph-segment.ts";
import { bytesOfName, nameAt, nameIndex, startOfName } from "./name-table.ts";
import { namesWithWords } from "./names-with-words.ts";
import { mentionsIn, type Mentioned } from "./row-mentions.ts";

/** A passage that is seen. What it has of a question is told later, of those that a walk reaches. */
export interface Place extends LinkedPassage {
  readonly slot: number;
  /** Where it is in the graph: its segment's number, and its row there. */
  readonly part: number;
  readonly row: number;
  cosine: number | null;
  bm25: number | null;
  mask: number;
  /** `untoldNames` until it is told. */
  entities: LinkedPassage["entities"];
}

export const untoldNames: LinkedPassage["entities"] = [];

/** The part of a tenant's graph that scope and filter let through, within one call. Places are in the order of ids. */
export interface GraphView {
  place(chunkId: string): Place | null;
  /** One for each text, whether a passage mentions it or not. */
  name(entity: string): Name;
  /** Ordered by name. */
  namesIn(place: Place): readonly PlaceName[];
  weight(name: Name): EntityWeight | null;
  titled(name: Name): readonly Place[];
  /** Passages in whose body the name stands, `limit` at most. */
  standing(name: Name, limit: number): readonly Place[];
  /** Passages that mention a longer name of up to seven words with this one in it; null for more than `most`. */
  namingLonger(name: Name, most: number): readonly Place[] | null;
  /** Which of these names a passage mentions, in their order. */
  mentionedOf(names: readonly string[]): (place: Place) => Mentioned;
}

/** A name that a passage mentions, with its flags. */
export interface PlaceName {
  readonly name: Name;
  readonly flags: number;
}

export function graphView(index: TenantIndex, allowed: Allowed): GraphView {
  const { segments } = index.graph;
  const { isSeen, seesAll } = sight(index, allowed);
  const places = new Map<number, Place>();
  const known = new Map<string, Name>();
  /** By their numbers in each segment. */
  const numbered = segments.map(() => new Map<number, Name>());
  const read = new Map<Place, readonly PlaceName[]>();

  function placeAt(part: number, row: number): Place {
    const { slots, ids } = segments[part]!;
    const slot = slots[row]!;
    const there = places.get(slot);
    if (there) return there;
    const chunk_id = nameAt(ids, row);
    const place: Place = { slot, chunk_id, part, row, cosine: null, bm25: null, mask: 0, entities: untoldNames };
    places.set(slot, place);
    return place;
  }

  function nameOf(entity: string): Name {
    const there = known.get(entity);
    if (there) return there;
    const bytes = bytesOfName(entity);
    return addName({ entity, bytes, numbers: segments.map(({ names }) => nameIndex(names, bytes)) });
  }

  /** By its number in a segment: most names are met in a passage, and looked up nowhere else when that is all there is. */
  function nameNumbered(part: number, number: number): Name {
    const there = numbered[part]!.get(number);
    if (there) return there;
    const { names } = segments[part]!;
    const bytes = names.text.subarray(startOfName(names.ends, number), names.ends[number]);
    const numberIn = (other: GraphSegment, at: number) => (at === part ? number : nameIndex(other.names, bytes));
    return addName({ entity: nameAt(names, number), bytes, numbers: segments.map(numberIn) });
  }

  function addName({ entity, bytes, numbers }: Pick<Name, "entity" | "bytes" | "numbers">): Name {
    const name: Name = {
      entity,
      bytes,
      numbers,
      lists: segments.map((segment, at) => postingsOf(segment, numbers[at]!)),
    };
    known.set(entity, name);
    numbers.forEach((number, at) => number >= 0 && numbered[at]!.set(number, name));
    return name;
  }

  function weigh({ entity, lists }: Name): EntityWeight | null {
    let [passages, titled] = [0, 0];
    lists.forEach((list, at) => {
      if (seesAll) passages += list.length;
      for (const posting of list) {
        const isTitle = (posting & asTitle) !== 0;
        if (seesAll && !isTitle) break;
        if (!isSeen(segments[at]!.slots[posting >>> 2]!)) continue;
        if (!seesAll) passages += 1;
        if (isTitle) titled += 1;
      }
    });
    return passages === 0 ? null : { entity, passages, titled };
  }

  /** Rows of each segment that are seen, together in the order of ids. */
  function collect(lists: readonly (readonly number[])[]): readonly Place[] {
    const found = lists.map((rows, at) => rows.map((row) => placeAt(at, row))).filter((list) => list.length > 0);
    return found.length < 2 ? (found[0] ?? []) : found.flat().toSorted((a, b) => compareText(a.chunk_id, b.chunk_id));
  }

  const seen = (at: number) => (row: number) => isSeen(segments[at]!.slots[row]!);

  function longerThan({ bytes, numbers }: Name, most: number): readonly Place[] | null {
    const found = new Set<Place>();
    for (const [part, segment] of segments.entries()) {
      if (numbers[part]! >= 0 && !isWithinLonger(segment, numbers[part]!)) continue;
      for (const longer of namesWithWords(segment, bytes)) {
        for (const posting of postingsOf(segment, longer)) {
          if (!isSeen(segment.slots[posting >>> 2]!)) continue;
          found.add(placeAt(part, posting >>> 2));
          if (found.size > most) return null;
        }
      }
    }
    return [...found].sort((a, b) => compareText(a.chunk_id, b.chunk_id));
  }

  return {
    place: (chunkId) => {
      const id = bytesOfName(chunkId);
      for (const [part, { ids, slots }] of segments.entries()) {
        const row = nameIndex(ids, id);
        if (row >= 0 && isSeen(slots[row]!)) return placeAt(part, row);
      }
      return null;
    },
    name: nameOf,
    namesIn: (place) => {
      const there = read.get(place);
      if (there) return there;
      const { passageNames, passageEnds } = segments[place.part]!;
      const names: PlaceName[] = [];
      for (let at = startOfName(passageEnds, place.row); at < passageEnds[place.row]!; at++) {
        const entry = passageNames[at]!;
        names.push({ name: nameNumbered(place.part, entry >>> 2), flags: entry & 3 });
      }
      read.set(place, names);
      return names;
    },
    weight: (name) => (name.weight ??= { is: weigh(name) }).is,
    titled: (name) => (name.titled ??= collect(name.lists.map((list, at) => titleRows(list).filter(seen(at))))),
    standing: (name, limit) => {
      if (name.standing?.limit !== limit) {
        const rows = name.lists.map((list, at) => standingRows(list, limit, seen(at)));
        name.standing = { limit, places: collect(rows).slice(0, limit) };
      }
      return name.standing.places;
    },
    namingLonger: (name, most) => {
      if (name.longer?.most !== most) name.longer = { most, places: longerThan(name, most) };
      return name.longer.places;
    },
    mentionedOf: (names) => {
      const asked = names.map(nameOf);
      const told = segments.map((segment, part) => mentionsIn(segment, part, asked));
      return ({ part, row }) => told[part]!(row);
    },
  };
}

/** What a call has learnt of a name: everything is looked up once. */
export interface Name {
  readonly entity: string;
  readonly bytes: Uint8Array;
  /** Its number in each segment; negative: not there. */
  readonly numbers: readonly number[];
  /** Its postings in each segment. */
  readonly lists: readonly Uint32Array[];
  weight?: { readonly is: EntityWeight | null };
  titled?: readonly Place[];
  standing?: { readonly limit: number; readonly places: readonly Place[] };
  longer?: { readonly most: number; readonly places: readonly Place[] | null };
}

export interface Sight {
  isSeen(slot: number): boolean;
  readonly seesAll: boolean;
}

export function sight({ slots, graph }: TenantIndex, allowed: Allowed): Sight {
  if (allowed.of === "all" && slots.dead === 0 && graph.renamed === 0) return { isSeen: () => true, seesAll: true };
  const test = rowTest(allowed);
  return {
    isSeen: (slot) => slots.isAlive(slot) && test(slots.metadataIds[slot]!, slots.documentKeys[slot]!),
    seesAll: false,
  };
}

const nothing = new Uint32Array(0);

export const postingsOf = ({ postingEnds, postings }: GraphSegment, name: number): Uint32Array =>
  name < 0 ? nothing : postings.subarray(startOfName(postingEnds, name), postingEnds[name]);

const isWithinLonger = ({ withinLonger }: GraphSegment, name: number): boolean =>
  (withinLonger[name >>> 3]! & (1 << (name & 7))) !== 0;

function titleRows(postings: Uint32Array): number[] {
  const rows: number[] = [];
  for (const posting of postings) {
    if ((posting & asTitle) === 0) break;
    rows.push(posting >>> 2);
  }
  return rows;
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
