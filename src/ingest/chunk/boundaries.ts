import type { Joint, Unit } from "./units.ts";

export interface BoundaryOptions {
  /** Tokens that a chunk should have. */
  readonly targetTokens: number;
  /** Tokens that no chunk may have more of. */
  readonly maxTokens: number;
  /** Added by `countTokens` to every text, whatever its length. */
  readonly overheadTokens: number;
}

/** What a boundary costs, in units of the cost of a chunk of no or of twice the wanted size. */
const boundaryCost: Readonly<Record<Joint, number>> = {
  heading: 0,
  block: 0.05,
  paragraph: 0.1,
  "list-item": 0.15,
  sentence: 0.25,
  row: 0.4,
  piece: 2,
};
/** A chunk that runs over a heading mixes two topics. */
const crossingCost = 0.35;
/** A heading at the end of a chunk has lost its section. */
const orphanCost = 4;

const ticksEvery = 2_000;

/**
 * Where chunks begin: the cheapest way to part the units, by dynamic programming over all of them. The best way to
 * part what follows a boundary depends only on the boundary, so after a change the boundaries fall back into step
 * as soon as one of them is the same as before. Yields now and then, for a driver that shares its thread.
 *
 * @returns indices of the first units of the chunks, ascending, beginning with 0.
 */
export function* boundaries(units: readonly Unit[], options: BoundaryOptions): Generator<void, readonly number[]> {
  const count = units.length;
  const cost = new Float64Array(count + 1);
  const next = new Int32Array(count + 1);
  for (let from = count - 1; from >= 0; from -= 1) {
    const best = bestChunk(units, from, cost, options);
    cost[from] = best.cost;
    next[from] = best.end;
    if (from % ticksEvery === 0) yield;
  }
  const starts: number[] = [];
  for (let at = 0; at < count; at = next[at] ?? count) starts.push(at);
  return starts;
}

function bestChunk(
  units: readonly Unit[],
  from: number,
  cost: Float64Array,
  options: BoundaryOptions,
): { readonly cost: number; readonly end: number } {
  let best = { cost: Number.POSITIVE_INFINITY, end: from + 1 };
  let tokens = options.overheadTokens;
  let crossings = 0;
  for (let end = from + 1; end <= units.length; end += 1) {
    const last = units[end - 1];
    const first = units[from];
    if (!last || !first || last.page !== first.page) break;
    tokens += last.tokens - options.overheadTokens;
    if (end - from > 1 && tokens > options.maxTokens) break;
    if (crosses(units, from, end)) crossings += 1;
    const after = units[end];
    const total =
      sizeCost(tokens, options.targetTokens) +
      crossings * crossingCost +
      (after ? edgeCost(last, after) : 0) +
      (cost[end] ?? 0);
    if (total < best.cost) best = { cost: total, end };
  }
  return best;
}

/** The unit is a heading with text before it in the chunk, so a section ends inside the chunk. */
const crosses = (units: readonly Unit[], from: number, end: number): boolean =>
  end - from > 1 && units[end - 1]?.kind === "heading" && units[end - 2]?.kind !== "heading";

function edgeCost(last: Unit, after: Unit): number {
  if (last.page !== after.page) return 0;
  return (last.kind === "heading" ? orphanCost : 0) + boundaryCost[after.joint];
}

const sizeCost = (tokens: number, target: number): number => ((tokens - target) / target) ** 2;
