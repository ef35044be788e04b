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
  /** Once the words and the vector of a question were looked for in it. */
  scores: PlaceScores | null;
}

export interface PlaceScores {
  readonly cosine: number | null;
  readonly bm25: number;
  readonly mask: number;
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
  /** Which of these names a passage mentions, in their order, and how. */
  mentionedOf(names: readonly string[]): (place: Place) => readonly NamedPassage[];
}

export function graphView(index: TenantIndex, allowed: Allowed): GraphView {
  const { segments } = index.graph;
  const { isSeen, seesAll } = sight(index, allowed);
  const places = new Map<number, Place>();
  const known = new Map<string, Name>();
  const read = new Map<Place, readonly NamedPassage[]>();

  function placeAt(segment: GraphSegment, row: number): Place {
    const slot = segment.slots[row]!;
    const there = places.get(slot);
    if (there) return there;
    const place: Place = { slot, id: nameAt(segment.ids, row), segment, row, scores: null };
    places.set(slot, place);
    return place;
  }

  /** Everything about a name is looked up once. */
  function nameOf(entity: string): Name {
    const there = known.get(entity);
    if (there) return there;
    const bytes = bytesOfName(entity);
    const numbers = segments.map((segment) => nameIndex(segment.names, bytes));
    const lists = segments.map((segment, at) => postingsOf(segment, numbers[at]!));
    const name: Name = { entity, bytes, numbers, lists };
    known.set(entity, name);
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
    const found = lists
      .map((rows, at) => rows.map((row) => placeAt(segments[at]!, row)))
      .filter((list) => list.length > 0);
    return found.length < 2 ? (found[0] ?? []) : found.flat().toSorted((a, b) => compareText(a.id, b.id));
  }

  const seen = (at: number) => (row: number) => isSeen(segments[at]!.slots[row]!);

  function longerThan({ bytes }: Name, most: number): readonly Place[] | null {
    const found = new Set<Place>();
    for (const segment of segments) {
      for (const longer of namesWithWords(segment, bytes)) {
        for (const posting of postingsOf(segment, longer)) {
          if (!isSeen(segment.slots[posting >>> 2]!)) continue;
          found.add(placeAt(segment, posting >>> 2));
          if (found.size > most) return null;
        }
      }
    }
    return [...found].sort((a, b) => compareText(a.id, b.id));
  }

  return {
    place: (chunkId) => {
      const id = bytesOfName(chunkId);
      for (const segment of segments) {
        const row = nameIndex(segment.ids, id);
        if (row >= 0 && isSeen(segment.slots[row]!)) return placeAt(segment, row);
      }
      return null;
    },
    namesIn: (place) => {
      const there = read.get(place);
      if (there) return there;
      const { segment, row } = place;
      const entries = segment.passageNames.subarray(startOfName(segment.passageEnds, row), segment.passageEnds[row]);
      const names = Array.from(entries, (entry) => ({
        entity: nameAt(segment.names, entry >>> 2),
        flags: entry & 3,
      }));
      read.set(place, names);
      return names;
    },
    weight: (entity) => {
      const name = nameOf(entity);
      return (name.weight ??= { is: weigh(name) }).is;
    },
    titled: (entity) => {
      const name = nameOf(entity);
      return (name.titled ??= collect(name.lists.map((list, at) => titleRows(list).filter(seen(at)))));
    },
    standing: (entity, limit) => {
      const name = nameOf(entity);
      if (name.standing?.limit !== limit) {
        const rows = name.lists.map((list, at) => standingRows(list, limit, seen(at)));
        name.standing = { limit, places: collect(rows).slice(0, limit) };
      }
      return name.standing.places;
    },
    namingLonger: (entity, most) => {
      const name = nameOf(entity);
      if (name.longer?.most !== most) name.longer = { most, places: longerThan(name, most) };
      return name.longer.places;
    },
    mentionedOf: (names) => {
      const numbers = new Map(segments.map((segment, at) => [segment, names.map((name) => nameOf(name).numbers[at]!)]));
      return ({ segment, row }) => {
        const asked = numbers.get(segment)!;
        let found = none;
        for (let at = startOfName(segment.passageEnds, row); at < segment.passageEnds[row]!; at++) {
          const entry = segment.passageNames[at]!;
          const which = asked.indexOf(entry >>> 2);
          if (which < 0) continue;
          // Entries are in the order of names, as those asked about are.
          found = [...found, { entity: names[which]!, flags: entry & 3 }];
        }
        return found;
      };
    },
  };
}

/** What a call has learnt of a name. */
interface Name {
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

const none: readonly NamedPassage[] = [];
const nothing = new Uint32Array(0);

export const postingsOf = ({ postingEnds, postings }: GraphSegment, name: number): Uint32Array =>
  name < 0 ? nothing : postings.subarray(startOfName(postingEnds, name), postingEnds[name]);

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
