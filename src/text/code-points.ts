const surrogatePair = /[\ud800-\udbff][\udc00-\udfff]/g;

/** How many Unicode code points stand in `text` before the UTF-16 code unit at `offset`. */
export function codePointsBefore(text: string, offset: number): number {
  const before = text.slice(0, offset);
  return before.length - (before.match(surrogatePair)?.length ?? 0);
}

/** The part of a text that a citation quotes: `start` and `end` count Unicode code points. */
export const sliceCodePoints = (text: string, start: number, end: number): string =>
  Array.from(text).slice(start, end).join("");
