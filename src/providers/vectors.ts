/** Rows by their `index`; null when one is missing, doubled or out of range. Providers do not promise an order. */
export function inOrder<T extends { readonly index: number }>(rows: readonly T[], count: number): readonly T[] | null {
  const ordered: T[] = [];
  for (const row of rows) ordered[row.index] = row;
  const complete = rows.length === count && ordered.length === count && Object.keys(ordered).length === count;
  return complete ? ordered : null;
}

/** Divided by its length; null when it has none or holds something that is no number. */
export function unitVector(values: Float32Array): Float32Array | null {
  let sum = 0;
  for (const value of values) sum += value * value;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length === 0) return null;
  return Math.abs(length - 1) < 1e-6 ? values : values.map((value) => value / length);
}
