import { HybridRAGError } from "../../../errors.ts";
import { type Dictionary, dictionaryOf, entryAt, startOf } from "./dictionary.ts";
import { letterSignature } from "./letter-signature.ts";
import { packedPostings, type RowSource } from "./packed-postings.ts";
import { rowTable } from "./row-table.ts";
import { encodeSegment, mostSegmentRows, type SegmentData, type TextSegment } from "./segment.ts";
import { rowsOfWord } from "./term-rows.ts";
import { nobody, type TextPart } from "./text-index.ts";

/**
 * One segment with the living rows of several parts, without analysing anything again: byte for byte the segment that
 * would have been built from those rows. No slot may live in two of the parts. Throws `too_large` when the parts hold
 * more than `mostSegmentRows` rows.
 */
export function mergeParts(parts: readonly TextPart[]): TextSegment {
  const rows = livingRows(parts);
  if (rows.length > mostSegmentRows) {
    throw new HybridRAGError("too_large", `A segment of the text index holds ${mostSegmentRows} chunks at most.`);
  }
  const sources = parts.map((part) => ({ part, newRows: new Int32Array(part.segment.rows).fill(-1) }));
  for (const [row, { source, oldRow }] of rows.entries()) (sources[source] as Source).newRows[oldRow] = row;
  const terms = mergeTerms(sources);
  return encodeSegment({ ...rowTable(rows), ...terms.data, ...mergeWords(sources, terms.sorted) });
}

interface Source {
  readonly part: TextPart;
  /** Per row: its row in the merged segment, or -1 when it is dead. */
  readonly newRows: Int32Array;
}

function livingRows(parts: readonly TextPart[]) {
  const rows = parts.flatMap(({ segment, owners }, source) =>
    Array.from(owners, (owner, oldRow) => ({
      source,
      oldRow,
      slot: segment.slots[oldRow] as number,
      tenant: owner === nobody ? -1 : (segment.tenants[owner] as number),
      bodyLength: segment.bodyLengths[oldRow] as number,
      titleLength: segment.titleLengths[oldRow] as number,
    })).filter(({ tenant }) => tenant >= 0),
  );
  return rows.sort((a, b) => a.slot - b.slot);
}

/** An entry of one source's dictionary. */
interface Place {
  readonly source: Source;
  readonly index: number;
}

/** All entries of the sources' dictionaries, sorted, with the places where each stands. */
function union(sources: readonly Source[], dictionary: (segment: SegmentData) => Dictionary): [string, Place[]][] {
  const places = new Map<string, Place[]>();
  for (const source of sources) {
    const entries = dictionary(source.part.segment);
    for (let index = 0; index < entries.ends.length; index += 1) {
      const entry = entryAt(entries, index);
      const known = places.get(entry);
      if (known === undefined) places.set(entry, [{ source, index }]);
      else known.push({ source, index });
    }
  }
  return [...places].sort(([a], [b]) => (a < b ? -1 : 1));
}

type TermData = Pick<
  SegmentData,
  "termText" | "termEnds" | "bodyEnds" | "bodyRows" | "bodyCounts" | "titleEnds" | "titleRows" | "titleCounts"
>;

function mergeTerms(sources: readonly Source[]): { sorted: readonly string[]; data: TermData } {
  const sorted: string[] = [];
  const body = packedPostings();
  const title = packedPostings();
  for (const [term, places] of union(sources, ({ termText: text, termEnds: ends }) => ({ text, ends }))) {
    if (!body.appendUnlessEmpty(places.map(bodyRows))) continue;
    sorted.push(term);
    title.append(places.map(titleRows));
  }
  const { text: termText, ends: termEnds } = dictionaryOf(sorted);
  const { ends: bodyEnds, rows: bodyRowList, counts: bodyCounts } = body.finish();
  const { ends: titleEnds, rows: titleRowList, counts: titleCounts } = title.finish();
  return {
    sorted,
    data: {
      termText,
      termEnds,
      bodyEnds,
      bodyRows: bodyRowList,
      bodyCounts,
      titleEnds,
      titleRows: titleRowList,
      titleCounts,
    },
  };
}

type WordData = Pick<
  SegmentData,
  "wordText" | "wordEnds" | "wordTerms" | "wordSignatures" | "wordRowEnds" | "wordRows"
>;

function mergeWords(sources: readonly Source[], terms: readonly string[]): WordData {
  const sorted: string[] = [];
  const wordTerms: number[] = [];
  const wordsOfTerm = new Uint32Array(terms.length);
  const lists = packedPostings();
  const termNumbers = new Map(terms.map((term, index) => [term, index]));
  for (const [word, places] of union(sources, ({ wordText: text, wordEnds: ends }) => ({ text, ends }))) {
    if (!lists.appendUnlessEmpty(places.map(wordRows))) continue;
    const term = termNumbers.get(termOfWord(places[0] as Place)) as number;
    sorted.push(word);
    wordTerms.push(term);
    wordsOfTerm[term] = (wordsOfTerm[term] as number) + 1;
  }
  const { text: wordText, ends: wordEnds } = dictionaryOf(sorted);
  const { ends: wordRowEnds, rows } = lists.finish((word) => (wordsOfTerm[wordTerms[word] as number] as number) > 1);
  return {
    wordText,
    wordEnds,
    wordTerms: Uint32Array.from(wordTerms),
    wordSignatures: Uint32Array.from(sorted, letterSignature),
    wordRowEnds,
    wordRows: rows,
  };
}

const bodyRows = ({ source: { part, newRows }, index }: Place): RowSource => ({
  rows: part.segment.bodyRows,
  counts: part.segment.bodyCounts,
  start: startOf(part.segment.bodyEnds, index),
  end: part.segment.bodyEnds[index] as number,
  newRows,
});

const titleRows = ({ source: { part, newRows }, index }: Place): RowSource => ({
  rows: part.segment.titleRows,
  counts: part.segment.titleCounts,
  start: startOf(part.segment.titleEnds, index),
  end: part.segment.titleEnds[index] as number,
  newRows,
});

function wordRows({ source: { part, newRows }, index }: Place): RowSource {
  const { rows, start, end } = rowsOfWord(part.segment, index);
  return { rows, start, end, newRows };
}

function termOfWord({ source, index }: Place): string {
  const { termText: text, termEnds: ends, wordTerms } = source.part.segment;
  return entryAt({ text, ends }, wordTerms[index] as number);
}
