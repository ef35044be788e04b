import type { Store } from "../../ports/store.ts";
import type { Chunk, Citation } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { Analyzer } from "../../text/analyze.ts";
import { splitSentences } from "../../text/sentences.ts";
import { splitUnits } from "../../text/units.ts";
import type { AnswerEvent } from "../answer/answer-event.ts";
import type { Claim } from "../check-claims.ts";
import { verifyQuotes, type Quote } from "../cite.ts";
import type { FusedHit } from "../fusion.ts";

export interface CitationWriter {
  /** Notes what was shown; returns it as an event. */
  write(text: string): AnswerEvent;
  /** The model's own quote from a passage. */
  cite(chunkId: string, quote: string): Promise<readonly AnswerEvent[]>;
  /** A marker: a passage by its number from 1. The quote is the unit of it that says most of the sentence. */
  mark(number: number): Promise<readonly AnswerEvent[]>;
  readonly citations: readonly Citation[];
  /** Quotes that were not found in their source, and markers of no source. */
  readonly dropped: number;
  /** Sentences of the answer with the passages that they cite. */
  claims(): readonly Claim[];
}

/**
 * Turns what a model says it cites into citations that hold: each is looked up in the stored text and numbered in the
 * order of the answer; the same place gets the same number; what is not there is dropped and counted.
 */
export function citationWriter(
  parts: { readonly store: Pick<Store, "documents">; readonly scope: Scope; readonly analyzer: Analyzer },
  passages: readonly FusedHit[],
  signal: AbortSignal | undefined,
): CitationWriter {
  const chunks = passages.map(({ candidate }) => candidate.chunk);
  const citations: Citation[] = [];
  const cited: { readonly at: number; readonly chunkId: string }[] = [];
  let units: ReturnType<typeof quotable> | null = null;
  let written = "";
  let lastMarked: { readonly at: number; readonly marker: number } | null = null;
  let dropped = 0;

  async function place(quote: Quote, inText: boolean): Promise<readonly AnswerEvent[]> {
    const { verdicts } = await verifyQuotes(parts.store, parts.scope, [quote], signal);
    const found = verdicts[0];
    if (!found) {
      dropped++;
      return [];
    }
    const known = citations.find(
      ({ document_id, start, end }) => document_id === found.document_id && start === found.start && end === found.end,
    );
    const citation = known ?? { ...found, marker: citations.length + 1 };
    cited.push({ at: written.length, chunkId: found.chunk_id });
    if (lastMarked?.at === written.length && lastMarked.marker === citation.marker) return [];
    if (known === undefined) citations.push(citation);
    const events: AnswerEvent[] = [write(markerText(citation.marker, written, inText))];
    lastMarked = { at: written.length, marker: citation.marker };
    return known === undefined ? [...events, { type: "citation", citation }] : events;
  }

  function write(text: string): AnswerEvent {
    written += text;
    return { type: "text-delta", text };
  }

  return {
    write,
    async cite(chunkId, quote) {
      const chunk = chunks.find((one) => one.chunk_id === chunkId);
      if (chunk !== undefined) return place({ chunk, quote, start: null, end: null }, false);
      dropped++;
      return [];
    },
    async mark(number) {
      units ??= quotable(chunks, parts.analyzer);
      const quote = units.best(number, lastSentence(written));
      if (quote !== null) return place(quote, true);
      dropped++;
      return [];
    },
    citations,
    get dropped() {
      return dropped;
    },
    claims: () => claimsOf(written, cited),
  };
}

/** A marker that the model wrote has its blanks around it; one that is put behind a quoted block brings its own. */
function markerText(marker: number, written: string, inText: boolean): string {
  const before = /(?:^|\s)$/.test(written) ? "" : " ";
  return `${before}[${marker}]${before === "" && !inText ? " " : ""}`;
}

const withoutMarkers = (text: string): string => text.replaceAll(/\s*\[\d{1,3}\]/g, "").trim();

const lastSentence = (written: string): string => {
  const tail = withoutMarkers(written.slice(-1500));
  const last = splitSentences(tail).at(-1);
  return last === undefined ? tail : tail.slice(last.start, last.end);
};

interface QuotableUnit {
  readonly quote: Quote;
  readonly terms: ReadonlySet<string>;
}

/** What may be quoted of each passage, and how rare a word is among all of it. */
function quotable(chunks: readonly Chunk[], analyzer: Analyzer) {
  const units = chunks.map((chunk) => unitsOf(chunk, analyzer));
  const all = units.flat();
  const rarity = (term: string): number =>
    Math.log(1 + all.length / (1 + all.filter(({ terms }) => terms.has(term)).length));
  return {
    /** The unit of a passage that holds most of the sentence, rare words first; of equals, the shorter. */
    best(number: number, sentence: string): Quote | null {
      const asked = [...new Set(analyzer.analyze(sentence))].map((term) => ({ term, weight: rarity(term) }));
      let best: { readonly quote: Quote; readonly score: number } | null = null;
      for (const { quote, terms } of units[number - 1] ?? []) {
        const held = asked.reduce((sum, { term, weight }) => sum + (terms.has(term) ? weight : 0), 0);
        const score = held - quote.quote.length / 100_000;
        if (best === null || score > best.score) best = { quote, score };
      }
      return best?.quote ?? null;
    },
  };
}

function unitsOf(chunk: Chunk, analyzer: Analyzer): readonly QuotableUnit[] {
  const units = splitUnits(chunk.content);
  const spoken = units.filter(({ kind }) => kind !== "heading");
  return (spoken.length > 0 ? spoken : units).map(({ start, end }) => {
    const quote = chunk.content.slice(start, end);
    const offset = chunk.span.start;
    return {
      quote: { chunk, quote, start: offset + start, end: offset + end },
      terms: new Set(analyzer.analyze(quote)),
    };
  });
}

/** A citation belongs to the sentence that ends where it stands, or that it stands in. */
function claimsOf(written: string, cited: readonly { readonly at: number; readonly chunkId: string }[]): Claim[] {
  const sentences = splitSentences(written);
  const claims = new Map<number, { text: string; cited: Set<string> }>();
  for (const { at, chunkId } of cited) {
    const index = sentences.findLastIndex(({ start }) => start < at);
    const sentence = sentences[index];
    if (sentence === undefined) continue;
    const claim = claims.get(index) ?? {
      text: withoutMarkers(written.slice(sentence.start, sentence.end)),
      cited: new Set(),
    };
    claim.cited.add(chunkId);
    claims.set(index, claim);
  }
  return [...claims.values()]
    .filter(({ text }) => text !== "")
    .map(({ text, cited: ids }) => ({ text, cited: [...ids] }));
}
