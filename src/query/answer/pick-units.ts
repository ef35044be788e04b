import { nameTokens } from "../../text/name-key.ts";
import { unitWeights } from "./constants.ts";
import type { ScoredUnit } from "./scored-units.ts";

/**
 * Picks up to three units, the best first; from the second on, those count more that a link joins to what was picked.
 * What shares no word with the question and was reached over a name that half of the passages mention, which leads
 * everywhere, is not shown. Stops when the next one is below .8 of the first. Returned in reading order: what leads to an answer stands before it.
 */
export function pickUnits(units: readonly ScoredUnit[], limit: number = unitWeights.limit): readonly ScoredUnit[] {
  const first = units[0];
  if (first === undefined) return [];
  const leadsEverywhere = widespreadNames(units);
  const shown = units.filter(({ onTopic, hit: { path } }) => onTopic || !path || !leadsEverywhere(path.entity));
  const picked = [first];
  while (picked.length < limit) {
    const next = bestOf(
      shown.filter((unit) => !picked.includes(unit)),
      (unit) => unit.score + linkBonus(unit, picked),
    );
    if (next === null || next.value < unitWeights.keep * first.score) break;
    picked.push(next.unit);
  }
  return bridgesFirst(picked);
}

function bestOf(units: readonly ScoredUnit[], value: (unit: ScoredUnit) => number) {
  let best: { readonly unit: ScoredUnit; readonly value: number } | null = null;
  for (const unit of units) {
    const own = value(unit);
    if (best === null || own > best.value) best = { unit, value: own };
  }
  return best;
}

const chunkOf = (unit: ScoredUnit): string => unit.hit.candidate.chunk.chunk_id;

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

function linkBonus(unit: ScoredUnit, picked: readonly ScoredUnit[]): number {
  const path = unit.hit.path;
  const reached = path !== undefined && picked.some((other) => chunkOf(other) === path.from_chunk_id);
  const leads = picked.some((other) => leadsTo(unit, other));
  return (reached ? unitWeights.linked * Math.min(1, path.strength) : 0) + (leads ? unitWeights.linkSource : 0);
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
