import { codePointsBefore } from "../text/code-points.ts";
import type { Store } from "../ports/store.ts";
import type { Chunk, Citation, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";

/** Words that are said to stand in a source, and where: a hint, in UTF-16 code units of the document's stored text. */
export interface Quote {
  readonly chunk: Chunk;
  readonly quote: string;
  readonly start: number | null;
  readonly end: number | null;
}

export interface VerifiedQuotes {
  /** Numbered from 1 in the order of the quotes; `sliceCodePoints(text, start, end) === quote` holds for each. */
  readonly citations: readonly Citation[];
  /** `citations_dropped`, when any was. */
  readonly warnings: readonly Warning[];
  /** For each quote its citation, or null when it was dropped. */
  readonly verdicts: readonly (Citation | null)[];
}

/**
 * Checks every quote against the stored text of its document: at its offsets, else anywhere in it word for word, else
 * with blanks of any kind taken as equal; then the offsets and the quote become those of the source. What is not there
 * is dropped and counted. A document that is gone or may not be read has no text, so nothing can be quoted from it.
 */
export async function verifyQuotes(
  store: Pick<Store, "documents">,
  scope: Scope,
  quotes: readonly Quote[],
  signal?: AbortSignal,
): Promise<VerifiedQuotes> {
  const ids = [...new Set(quotes.map((quote) => quote.chunk.document_id))];
  const texts = await Promise.all(ids.map((id) => store.documents.text(scope, id, { signal })));
  const textOf = new Map(ids.map((id, index) => [id, texts[index] ?? null]));
  let marker = 0;
  const verdicts = quotes.map((quote): Citation | null => {
    const text = textOf.get(quote.chunk.document_id) ?? null;
    const place = text === null ? null : locateQuote(text, quote);
    return place === null ? null : citationOf(quote.chunk, text!, place, ++marker);
  });
  const citations = verdicts.filter((verdict) => verdict !== null);
  const dropped = quotes.length - citations.length;
  return { citations, verdicts, warnings: dropped === 0 ? [] : [droppedWarning(dropped)] };
}

function citationOf(chunk: Chunk, text: string, place: Place, marker: number): Citation {
  const quote = text.slice(place.start, place.end);
  const start = codePointsBefore(text, place.start);
  return {
    marker,
    chunk_id: chunk.chunk_id,
    document_id: chunk.document_id,
    title: chunk.title,
    source: chunk.source,
    quote,
    start,
    end: start + codePointsBefore(quote, quote.length),
    page: chunk.span.page,
    heading_path: chunk.heading_path,
  };
}

const droppedWarning = (dropped: number): Warning => ({
  code: "citations_dropped",
  message: `${dropped} ${dropped === 1 ? "quote was" : "quotes were"} not found in the source and dropped.`,
});

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Where a quote stands in a text; its own passage is searched before the rest of the document. */
function locateQuote(text: string, { quote, start, end, chunk }: Quote): Place | null {
  const wanted = quote.trim();
  if (wanted === "") return null;
  if (start !== null && end !== null && text.slice(start, end) === quote) return { start, end };
  const near = { start: chunk.span.start, end: chunk.span.end };
  const whole = { start: 0, end: text.length };
  return (
    exactly(text, wanted, near) ??
    exactly(text, wanted, whole) ??
    loosely(text, wanted, near) ??
    loosely(text, wanted, whole)
  );
}

function exactly(text: string, quote: string, { start, end }: Place): Place | null {
  const at = text.slice(start, end).indexOf(quote);
  return at < 0 ? null : { start: start + at, end: start + at + quote.length };
}

/** Blanks of any kind and number are one blank, on both sides. */
function loosely(text: string, quote: string, { start, end }: Place): Place | null {
  const words = quote.split(/\s+/).map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const found = new RegExp(words.join(String.raw`\s+`), "u").exec(text.slice(start, end));
  return found === null ? null : { start: start + found.index, end: start + found.index + found[0].length };
}
