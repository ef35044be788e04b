/** How alike two partitions of the same things are; each tells for every thing which part it is in. */
export interface PartitionFigures {
  /** Normalised mutual information, 0 to 1 (arithmetic mean). */
  readonly nmi: number;
  /** Rand index over chance (Hubert and Arabie 1985), 1 for equal partitions, 0 for chance. */
  readonly adjustedRand: number;
  /** The share of things whose label is the commonest of their group. */
  readonly purity: number;
}

export function comparePartitions(
  groups: readonly (string | number)[],
  labels: readonly (string | number)[],
): PartitionFigures {
  const size = groups.length;
  const byGroup = counts(groups);
  const byLabel = counts(labels);
  const both = counts(groups.map((group, at) => JSON.stringify([group, labels[at]])));
  const entropyOf = (part: ReadonlyMap<unknown, number>): number => entropy(part, size);
  const entropies = entropyOf(byGroup) + entropyOf(byLabel);
  const shared = entropies - entropyOf(both);
  const expected = (pairs(byGroup) * pairs(byLabel)) / Math.max(1, (size * (size - 1)) / 2);
  const most = (pairs(byGroup) + pairs(byLabel)) / 2;
  const best = new Map<string, number>();
  for (const [key, count] of both) {
    const group = JSON.stringify((JSON.parse(key) as unknown[])[0]);
    best.set(group, Math.max(best.get(group) ?? 0, count));
  }
  return {
    nmi: entropies === 0 ? 1 : (2 * shared) / entropies,
    adjustedRand: most === expected ? 1 : (pairs(both) - expected) / (most - expected),
    purity: best.values().reduce((sum, count) => sum + count, 0) / Math.max(1, size),
  };
}

function counts<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const found = new Map<T, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

const entropy = (part: ReadonlyMap<unknown, number>, size: number): number =>
  part.values().reduce((sum, count) => sum - (count / size) * Math.log(count / size), 0);

const pairs = (part: ReadonlyMap<unknown, number>): number =>
  part.values().reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
