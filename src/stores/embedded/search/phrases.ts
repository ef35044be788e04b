import type { Analyzer, Token } from "../../../text/analyze.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { bitmapOf, type Bitmap } from "../bitmap.ts";
import { slotsWithAll } from "../text/slots-with-all.ts";

/** The allowed slots whose title or content holds every phrase, word by word; stop words stand for any word. */
export function phraseSlots(
  db: Database,
  index: TenantIndex,
  analyzer: Analyzer,
  phrases: readonly string[],
  allowed: Bitmap,
): Bitmap {
  const analysed = phrases.map((phrase) => analyzer.analyzeWithOffsets(phrase));
  const terms = [...new Set(analysed.flat().map((token) => token.term))];
  // Only rows with all the words can hold the phrases: the postings say which.
  const holding = slotsWithAll(index.text, index.tenant, terms, allowed);
  const keys = JSON.stringify(holding.map((slot) => index.slots.chunkKeys[slot]!));
  const passing: number[] = [];
  const rows = db.each<{ chunk_key: number; title: string; content: string }>(
    "SELECT chunk_key, title, content FROM chunks WHERE chunk_key IN (SELECT value FROM json_each(?))",
    keys,
  );
  for (const { chunk_key, title, content } of rows) {
    const texts = [content, title].map((text) => termsByPosition(analyzer.analyzeWithOffsets(text)));
    const holdsAll = analysed.every((phrase) => texts.some((text) => holdsPhrase(text, phrase)));
    if (holdsAll) passing.push(index.slotOf(chunk_key));
  }
  return bitmapOf(passing, index.slots.size);
}

const termsByPosition = (tokens: readonly Token[]): ReadonlyMap<number, string> =>
  new Map(tokens.map((token) => [token.position, token.term]));

function holdsPhrase(text: ReadonlyMap<number, string>, phrase: readonly Token[]): boolean {
  const first = phrase[0]?.position ?? 0;
  return [...text.keys()].some((start) =>
    phrase.every(({ position, term }) => text.get(start + position - first) === term),
  );
}
