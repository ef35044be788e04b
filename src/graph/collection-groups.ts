import { createHash } from "node:crypto";
import type { PassageNames } from "../ports/graph-store.ts";
import { textAt } from "../text/text-list.ts";
import { startOf } from "./flat-graph.ts";
import { npmiOf } from "./names-together.ts";
import { orderedNames } from "./ordered-names.ts";
import { counted, passageGroups } from "./passage-groups.ts";

export interface WeightedName {
  readonly entity: string;
  readonly weight: number;
}

/** A community of a collection: passages that share names and documents. */
export interface CollectionGroup {
  /** A hash of its passages: it stays while they do. */
  readonly id: string;
  readonly passages: number;
  readonly documents: number;
  /** The names that tell it from the rest, strongest first. */
  readonly names: readonly WeightedName[];
  /** The names that hold it together, strongest first: like `best` they depend on nothing outside it. */
  readonly shared: readonly WeightedName[];
  /** Its most central passages: those of different documents first. */
  readonly best: readonly string[];
}

export interface TopGroup extends CollectionGroup {
  /** What it falls into on closer look, the largest first; none where it does not fall apart. */
  readonly parts: readonly CollectionGroup[];
}

export interface CollectionGroups {
  readonly revision: string;
  /** Passages that scope and filter let through. */
  readonly total: number;
  /** Of these, how many were looked at. */
  readonly passages: number;
  /** Of these, how many stand in no community: they share no name with any other. */
  readonly alone: number;
  /** Communities in all; the largest are told. */
  readonly count: number;
  /** The largest first. */
  readonly groups: readonly TopGroup[];
}

const mostGroups = 200;
const mostParts = 8;
const namesKept = 30;
const passagesKept = 24;
/** The names that a passage is judged by, so that none is central for being long. */
const namesCounted = 5;
/** Where a community is nearly everything, no name tells it from the rest, and the most frequent ones name it. */
const leastNpmi = 0.01;

/** Communities of a collection with what is told of them, as plain data. */
export function collectionGroups(unordered: PassageNames): CollectionGroups {
  const given = orderedNames(unordered);
  const { revision, total, documents } = given;
  const describe = describer(given);
  const found = passageGroups(given);
  const groups = found.slice(0, mostGroups).map(({ rows, parts }): TopGroup => ({
    ...describe(rows),
    parts: parts.length < 2 ? [] : parts.slice(0, mostParts).map(describe),
  }));
  const placed = found.reduce((sum, { rows }) => sum + rows.length, 0);
  return {
    revision,
    total,
    passages: documents.length,
    alone: documents.length - placed,
    count: found.length,
    groups,
  };
}

/** What a community is called and which passages stand for it. */
function describer(given: PassageNames) {
  const { passages, documents, names, ends, mentioned } = given;
  const mentions = counted(mentioned, names.ends.length);
  const namesIn = (row: number): Uint32Array => mentioned.subarray(startOf(ends, row), ends[row]);
  return (rows: Uint32Array): CollectionGroup => {
    const hash = createHash("sha256");
    const together = new Map<number, number>();
    for (const row of rows) {
      hash.update(`${textAt(passages, row)}\n`);
      for (const name of namesIn(row)) together.set(name, (together.get(name) ?? 0) + 1);
    }
    const telling = weighed(together, (name, count) =>
      mentions[name]! < 2
        ? 0
        : Math.max(npmiOf(count, mentions[name]!, rows.length, documents.length), leastNpmi) * Math.log(1 + count),
    );
    const holding = weighed(together, (_name, count) => Math.log(count));
    const best = centralRows(rows, documents, (row) => {
      const own = Array.from(namesIn(row), (name) => holding.get(name) ?? 0).toSorted((a, b) => b - a);
      return own.slice(0, namesCounted).reduce((sum, weight) => sum + weight, 0);
    });
    const strongest = (weights: ReadonlyMap<number, number>): readonly WeightedName[] =>
      [...weights]
        .toSorted(([a, x], [b, y]) => y - x || a - b)
        .slice(0, namesKept)
        .map(([name, weight]) => ({ entity: textAt(names, name), weight }));
    return {
      id: hash.digest("hex").slice(0, 16),
      passages: rows.length,
      documents: new Set(rows.values().map((row) => documents[row]!)).size,
      names: strongest(telling),
      shared: strongest(holding),
      best: best.map((row) => textAt(passages, row)),
    };
  };
}

function weighed(
  together: ReadonlyMap<number, number>,
  weightOf: (name: number, count: number) => number,
): ReadonlyMap<number, number> {
  const weights = Array.from(together, ([name, count]) => [name, weightOf(name, count)] as const);
  return new Map(weights.filter(([, weight]) => weight > 0));
}

/** The best passage of each document before the second of any. */
function centralRows(rows: Uint32Array, documents: Uint32Array, scoreOf: (row: number) => number): readonly number[] {
  const seen = new Map<number, number>();
  return Array.from(rows, (row) => ({ row, score: scoreOf(row) }))
    .toSorted((a, b) => b.score - a.score || a.row - b.row)
    .map(({ row }) => {
      const turn = seen.get(documents[row]!) ?? 0;
      seen.set(documents[row]!, turn + 1);
      return { row, turn };
    })
    .toSorted((a, b) => a.turn - b.turn)
    .slice(0, passagesKept)
    .map(({ row }) => row);
}
