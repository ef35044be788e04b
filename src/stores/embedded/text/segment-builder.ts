import { HybridRAGError } from "../../../errors.ts";
import type { Analyzer } from "../../../text/analyze.ts";
import { growableUint32 } from "./growable.ts";
import { type BuiltRow, type Entries, invert } from "./invert.ts";
import { createLexicon } from "./lexicon.ts";
import { encodeSegment, mostSegmentRows, type TextSegment } from "./segment.ts";

/** A chunk on its way into the text index. */
export interface TextRow {
  /** A number below 2^32 that no other row of the segment has: where its score will lie. */
  readonly slot: number;
  /** A number below 2^32. */
  readonly tenant: number;
  readonly title: string;
  /** What is searched beside the title. */
  readonly content: string;
}

interface SegmentBuilder {
  add(row: TextRow): void;
  build(): TextSegment;
}

/** The order of the rows leaves no trace. Throws `too_large` beyond `mostSegmentRows`. */
export function buildSegment(analyzer: Analyzer, rows: Iterable<TextRow>): TextSegment {
  const builder = segmentBuilder(analyzer);
  for (const row of rows) builder.add(row);
  return builder.build();
}

function segmentBuilder(analyzer: Analyzer): SegmentBuilder {
  const lexicon = createLexicon();
  const rows: BuiltRow[] = [];
  const entries: Entries = { words: growableUint32(), body: growableUint32(), title: growableUint32() };
  /** Per word: one more than the place of its entry in the row at hand. */
  const places: number[] = [];

  const count = (text: string, firstEntry: number, isTitle: boolean): number => {
    let length = 0;
    analyzer.visit(text, (term, word) => {
      const id = lexicon.idOf(word, term);
      let place = (places[id] ?? 0) - 1;
      if (place < firstEntry) {
        place = entries.words.length;
        places[id] = place + 1;
        entries.words.push(id);
        entries.body.push(0);
        entries.title.push(0);
      }
      increment(entries.body.array, place);
      if (isTitle) increment(entries.title.array, place);
      length += 1;
    });
    return length;
  };
  return {
    add: ({ slot, tenant, title, content }) => {
      if (rows.length === mostSegmentRows) {
        throw new HybridRAGError("too_large", `A segment of the text index holds ${mostSegmentRows} chunks at most.`);
      }
      const start = entries.words.length;
      const titleLength = count(title, start, true);
      const bodyLength = titleLength + count(content, start, false);
      rows.push({ slot, tenant, titleLength, bodyLength, start, end: entries.words.length });
    },
    build: () =>
      encodeSegment(
        invert(
          lexicon,
          rows.toSorted((a, b) => a.slot - b.slot),
          entries,
        ),
      ),
  };
}

function increment(array: Uint32Array, at: number): void {
  array[at] = (array[at] as number) + 1;
}
