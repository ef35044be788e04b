/**
 * The first few in an order, in it, without ordering the rest: thousands are given, and a handful is looked at.
 * @param order as for sorting; of equal items the earlier comes first.
 */
export function firstOf<T>(items: Iterable<T>, count: number, order: (a: T, b: T) => number): readonly T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === count && (count === 0 || order(item, first[count - 1]!) >= 0)) continue;
    let at = first.length;
    while (at > 0 && order(item, first[at - 1]!) < 0) at -= 1;
    first.splice(at, 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}
