import { nameTokens } from "../../text/name-key.ts";
import { pickWeights } from "./constants.ts";
import { chunkOf, type Joins, joinsOf } from "./joins.ts";
import type { ScoredUnit } from "./scored-units.ts";

/**
 * Picks up to three units, the best first; from the second on, those count more that cover words of the question which
 * nothing picked covers yet, most of all where a link or a name joins them to what was picked. What shares no word with
 * the question and was reached over a name that half of the passages mention, which leads everywhere, is not shown.
 * Stops when the next one is below .8 of the first. Returned in reading order: what leads to an answer stands before it.
 */
export function pickUnits(
  units: readonly ScoredUnit[],
  question: string,
  limit: number = pickWeights.limit,
): readonly ScoredUnit[] {
  const first = units[0];
  if (first === undefined) return [];
  const leadsEverywhere = widespreadNames(units);
  const shown = units.filter(({ onTopic, hit: { path } }) => onTopic || !path || !leadsEverywhere(path.entity));
  const joins = joinsOf(units, question);
  const picked = [first];
  while (picked.length < limit) {
    const next = bestOf(
      shown.filter((unit) => !picked.includes(unit)),
      (unit) => unit.score + gainBeside(picked, unit, joins),
    );
    if (next === null || next.value < pickWeights.keep * first.score) break;
    picked.push(next.unit);
  }
  return bridgesFirst(picked);
}

/** What a unit gains or loses by what was picked before it. */
function gainBeside(picked: readonly ScoredUnit[], unit: ScoredUnit, joins: Joins): number {
  const fresh = newShare(picked, unit);
  const joined = Math.max(...picked.map((other) => joins.share(other, unit)));
  const titled = picked.some((other) => joins.isTitled(other, unit)) ? pickWeights.titled : 0;
  const crowded = picked.filter((other) => chunkOf(other) === chunkOf(unit)).length;
  return (
    (pickWeights.newTerms + pickWeights.joined * joined) * fresh +
    titled +
    linkGain(picked, unit, fresh) -
    pickWeights.samePassage * crowded
  );
}

/** Share of the question's weight that the unit covers and nothing picked does, 0 to 1. */
const newShare = (picked: readonly ScoredUnit[], unit: ScoredUnit): number =>
  unit.covers.reduce(
    (sum, own, term) => sum + Math.max(0, own - Math.max(...picked.map(({ covers }) => covers[term] ?? 0))),
    0,
  );

function bestOf(units: readonly ScoredUnit[], value: (unit: ScoredUnit) => number) {
  let best: { readonly unit: ScoredUnit; readonly value: number } | null = null;
  for (const unit of units) {
    const own = value(unit);
    if (best === null || own > best.value) best = { unit, value: own };
  }
  return best;
}

/** Fewer passages than this are no measure of how widespread a name is. */
const fewPassages = 4;

function widespreadNames(units: readonly ScoredUnit[]): (name: string) => boolean {
  const chunks = new Map(units.map((unit) => [chunkOf(unit), unit.hit.candidate.chunk]));
  const texts = [...chunks.values()].map(({ title, content }) => ` ${nameTokens(`${title}\n${content}`).join(" ")} `);
  return (name) => {
    const mentioned = texts.filter((text) => text.includes(` ${name} `)).length;
    return texts.length >= fewPassages && 2 * mentioned >= texts.length;
  };
}

function linkGain(picked: readonly ScoredUnit[], unit: ScoredUnit, fresh: number): number {
  const path = unit.hit.path;
  const isReached = path !== undefined && picked.some((other) => chunkOf(other) === path.from_chunk_id);
  const leads = picked.some((other) => leadsTo(unit, other));
  return (
    (isReached ? (pickWeights.linked + pickWeights.linkedNew * fresh) * Math.min(1, path.strength) : 0) +
    (leads ? pickWeights.linkSource : 0)
  );
}

/** Whether the unit stands where the link into the other's passage starts, and holds the name that joins them. */
function leadsTo(unit: ScoredUnit, other: ScoredUnit): boolean {
  const path = other.hit.path;
  if (path === undefined || path.from_chunk_id !== chunkOf(unit)) return false;
  return ` ${nameTokens(unit.text).join(" ")} `.includes(` ${path.entity} `);
}

/** A unit of the passage that a link starts from goes before the units of the passage it leads to. */
function bridgesFirst(picked: readonly ScoredUnit[]): readonly ScoredUnit[] {
  const depth = (unit: ScoredUnit, left = picked.length): number => {
    const from = unit.hit.path?.from_chunk_id;
    const source = left === 0 ? undefined : picked.find((other) => chunkOf(other) === from);
    return source === undefined ? 0 : 1 + depth(source, left - 1);
  };
  return picked.toSorted((a, b) => depth(a) - depth(b));
}
