import { dictionaryOf } from "./dictionary.ts";
import type { GrowableUint32 } from "./growable.ts";
import { letterSignature } from "./letter-signature.ts";
import type { Lexicon } from "./lexicon.ts";
import { postings } from "./postings.ts";
import { rowTable } from "./row-table.ts";
import type { SegmentData } from "./segment.ts";

export interface BuiltRow {
  readonly slot: number;
  readonly tenant: number;
  readonly titleLength: number;
  readonly bodyLength: number;
  /** Its entries. */
  readonly start: number;
  readonly end: number;
}

/** One entry for each distinct word of a row: how often it stands in the body, and in the title. */
export interface Entries {
  readonly words: GrowableUint32;
  readonly body: GrowableUint32;
  readonly title: GrowableUint32;
}

/** Turns rows of words into postings of terms. The rows are sorted by slot. */
export function invert(lexicon: Lexicon, rows: readonly BuiltRow[], entries: Entries): SegmentData {
  const terms = ranked(lexicon.terms);
  const words = ranked(lexicon.words);
  const wordsOfTerm = new Uint32Array(terms.sorted.length);
  for (const term of lexicon.termOf) wordsOfTerm[term] = (wordsOfTerm[term] as number) + 1;
  const termOf = Uint32Array.from(lexicon.termOf);

  const body = postings(terms.sorted.length);
  const title = postings(terms.sorted.length);
  const wordRows = postings(words.sorted.length);
  for (const isFilling of [false, true]) {
    if (isFilling) for (const list of [body, title, wordRows]) list.allocate();
    for (let row = 0; row < rows.length; row += 1) {
      const { start, end } = rows[row] as BuiltRow;
      for (let at = start; at < end; at += 1) {
        const word = entries.words.array[at] as number;
        const term = termOf[word] as number;
        const rank = terms.rank[term] as number;
        const inTitle = entries.title.array[at] as number;
        body.add(rank, row, entries.body.array[at] as number);
        if (inTitle > 0) title.add(rank, row, inTitle);
        if ((wordsOfTerm[term] as number) > 1) wordRows.add(words.rank[word] as number, row, 1);
      }
    }
  }
  const { text: termText, ends: termEnds } = dictionaryOf(terms.sorted);
  const { text: wordText, ends: wordEnds } = dictionaryOf(words.sorted);
  return {
    ...rowTable(rows),
    termText,
    termEnds,
    bodyEnds: body.ends,
    bodyRows: body.rows,
    bodyCounts: body.counts,
    titleEnds: title.ends,
    titleRows: title.rows,
    titleCounts: title.counts,
    wordText,
    wordEnds,
    wordTerms: Uint32Array.from(words.order, (word) => terms.rank[termOf[word] as number] as number),
    wordSignatures: Uint32Array.from(words.sorted, letterSignature),
    wordRowEnds: wordRows.ends,
    wordRows: wordRows.rows,
  };
}

interface Ranked {
  readonly sorted: readonly string[];
  /** Per rank: the number it had. */
  readonly order: Uint32Array;
  /** Per number: its rank. */
  readonly rank: Uint32Array;
}

function ranked(strings: readonly string[]): Ranked {
  const order = Uint32Array.from(strings.keys());
  const byText = (a: number, b: number): number => ((strings[a] as string) < (strings[b] as string) ? -1 : 1);
  order.sort(byText);
  const rank = new Uint32Array(strings.length);
  for (let i = 0; i < order.length; i += 1) rank[order[i] as number] = i;
  return { sorted: Array.from(order, (number) => strings[number] as string), order, rank };
}
