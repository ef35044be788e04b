/**
 * Whether one insertion, deletion, substitution or swap of neighbours at most turns `a` into `b` (optimal string
 * alignment distance ≤ 1, in UTF-16 code units).
 */
export function isWithinOneEdit(a: string, b: string): boolean {
  if (a.length > b.length) return isWithinOneEdit(b, a);
  if (b.length - a.length > 1) return false;
  let from = 0;
  while (from < a.length && a.charCodeAt(from) === b.charCodeAt(from)) from += 1;
  if (from === a.length) return true;
  if (b.length > a.length) return a.slice(from) === b.slice(from + 1);
  if (a.slice(from + 1) === b.slice(from + 1)) return true;
  const isSwap = a.charCodeAt(from) === b.charCodeAt(from + 1) && a.charCodeAt(from + 1) === b.charCodeAt(from);
  return isSwap && a.slice(from + 2) === b.slice(from + 2);
}
