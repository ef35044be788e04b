/** The name that shares most pairs of letters with the word, whatever their case. `names` is not empty. */
export function nearest(word: string, names: readonly string[]): string {
  const own = pairsOf(word);
  const overlap = (name: string) =>
    [...pairsOf(name)].filter((pair) => own.has(pair)).length / (own.size + name.length);
  return names.reduce((best, name) => (overlap(name) > overlap(best) ? name : best));
}

const pairsOf = (text: string): ReadonlySet<string> =>
  new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2).toLowerCase()));
