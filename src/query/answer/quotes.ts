import type { Quote } from "../cite.ts";
import type { ScoredUnit } from "./scored-units.ts";

const leansBack = /^["“'‘(]?(?:he|she|it|they|this|these|his|her|its|their)\b/i;

/** A unit that begins with "he", "it", "this" … says nothing alone: its quote begins with the unit before it. */
const quoteStart = (unit: ScoredUnit): number =>
  leansBack.test(unit.text) && unit.previousStart !== null ? unit.previousStart : unit.start;

type PlacedQuote = Quote & { readonly start: number; readonly end: number };

/**
 * The words that are quoted for the units, in their order. Nothing is quoted twice: of one document, quotes that
 * overlap (chunks do, and so do units that lean back) become one, and one whose words another has is left out.
 */
export function quotesOf(units: readonly ScoredUnit[]): readonly PlacedQuote[] {
  let quotes: readonly PlacedQuote[] = [];
  for (const unit of units) quotes = withQuote(quotes, quoteOf(unit));
  return quotes;
}

function quoteOf(unit: ScoredUnit): PlacedQuote {
  const { chunk } = unit.hit.candidate;
  const start = quoteStart(unit);
  const quote = chunk.content.slice(start - chunk.span.start, unit.end - chunk.span.start);
  return { chunk, quote, start, end: unit.end };
}

/** What the new quote joins with stays where it stood. */
function withQuote(quotes: readonly PlacedQuote[], added: PlacedQuote): readonly PlacedQuote[] {
  const place = quotes.findIndex((quote) => joins(quote, added));
  if (place < 0) return [...quotes, added];
  const joined = join(quotes[place]!, added);
  const others = quotes.toSpliced(place, 1);
  return others.some((quote) => joins(quote, joined)) ? withQuote(others, joined) : quotes.with(place, joined);
}

const joins = (a: PlacedQuote, b: PlacedQuote): boolean => overlap(a, b) || says(a, b) || says(b, a);

const overlap = (a: PlacedQuote, b: PlacedQuote): boolean =>
  a.chunk.document_id === b.chunk.document_id && a.start < b.end && b.start < a.end;

/** Whether the words of `part` stand in `whole`, as words. */
const says = (whole: PlacedQuote, part: PlacedQuote): boolean => bare(whole).includes(bare(part));

const bare = ({ quote }: PlacedQuote): string => ` ${quote.replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim()} `;

/** One quote for both: of two that overlap their union, else the longer. */
function join(a: PlacedQuote, b: PlacedQuote): PlacedQuote {
  if (!overlap(a, b)) return says(a, b) ? a : b;
  const [first, second] = a.start <= b.start ? [a, b] : [b, a];
  if (second.end <= first.end) return first;
  return { ...first, quote: first.quote + second.quote.slice(first.end - second.start), end: second.end };
}
