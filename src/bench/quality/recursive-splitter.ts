import type { TextRange } from "../../ingest/load/loaded-document.ts";

const separators = ["\n\n", "\n", ". ", " "] as const;

/**
 * The customary splitter, as a yardstick: cuts at the coarsest separator that occurs, cuts pieces that are still too
 * long at the next finer one, and joins neighbours up to the budget. No structure, no overlap.
 */
export function recursiveSplit(
  text: string,
  options: { readonly maxTokens: number; readonly countTokens: (text: string) => number },
): readonly TextRange[] {
  const tokensOf = (range: TextRange): number => options.countTokens(text.slice(range.start, range.end));
  const pieces = cut(text, { start: 0, end: text.length }, 0, tokensOf, options.maxTokens);
  const joined: (TextRange & { readonly tokens: number })[] = [];
  for (const piece of pieces) {
    const before = joined.at(-1);
    const tokens = tokensOf(piece);
    if (before && before.tokens + tokens <= options.maxTokens) {
      joined.splice(-1, 1, { start: before.start, end: piece.end, tokens: before.tokens + tokens });
    } else joined.push({ ...piece, tokens });
  }
  return joined
    .filter(({ start, end }) => text.slice(start, end).trim() !== "")
    .map(({ start, end }) => ({ start, end }));
}

function cut(
  text: string,
  range: TextRange,
  depth: number,
  tokensOf: (range: TextRange) => number,
  maxTokens: number,
): readonly TextRange[] {
  const separator = separators[depth];
  const small = range.end - range.start < maxTokens * 20 && tokensOf(range) <= maxTokens;
  if (small || separator === undefined) return [range];
  const parts: TextRange[] = [];
  let { start } = range;
  while (start < range.end) {
    const found = text.indexOf(separator, start);
    const end = found < 0 || found >= range.end ? range.end : found + separator.length;
    parts.push({ start, end });
    start = end;
  }
  return parts.flatMap((part) => cut(text, part, depth + 1, tokensOf, maxTokens));
}
