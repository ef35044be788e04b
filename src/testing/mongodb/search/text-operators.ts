import { notImplemented } from "../fault.ts";
import type { Term } from "./analysis.ts";
import { asDoc, asNumber, type Doc } from "../value.ts";
import type { TextField } from "./field-data.ts";
import { fail, only, textFields, type Evaluation, type Scores } from "./clause.ts";

const queriesOf = (body: Doc): readonly string[] => {
  const list: readonly unknown[] = Array.isArray(body["query"]) ? body["query"] : [body["query"]];
  if (list.length === 0) fail("query", "cannot be empty");
  return list.map((query) => (typeof query === "string" && query !== "" ? query : fail("query", "cannot be empty")));
};

/** Any (or all) of the query's words, each scored by BM25, summed over words and paths. */
export function scoreText(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["query", "path", "fuzzy", "matchCriteria", "synonyms", "score"], "text");
  if (body["synonyms"] !== undefined) throw notImplemented("synonyms");
  const fuzzy = body["fuzzy"] === undefined ? null : fuzzyOf(asDoc(body["fuzzy"]));
  const all = body["matchCriteria"] === "all";
  if (!["any", "all", undefined].includes(body["matchCriteria"] as string | undefined))
    fail("text.matchCriteria", "must be any or all");
  const scores: Scores = new Map();
  for (const field of textFields(body, evaluation)) {
    const words = new Set(queriesOf(body).flatMap((query) => field.analyzeQuery(query).map((term) => term.text)));
    const counts = new Map<string, number>();
    for (const word of words) {
      for (const [id, score] of wordScores(field, word, fuzzy)) {
        scores.set(id, (scores.get(id) ?? 0) + score);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    if (all) for (const [id, count] of counts) if (count < words.size) scores.delete(id);
  }
  return scores;
}

interface Fuzzy {
  readonly maxEdits: number;
  readonly prefixLength: number;
  readonly maxExpansions: number;
}

function fuzzyOf(body: Doc): Fuzzy {
  only(body, ["maxEdits", "prefixLength", "maxExpansions"], "text.fuzzy");
  const maxEdits = asNumber(body["maxEdits"], 2);
  const prefixLength = asNumber(body["prefixLength"], 0);
  const maxExpansions = asNumber(body["maxExpansions"], 50);
  if (maxEdits !== 1 && maxEdits !== 2) fail("text.fuzzy.maxEdits", "must be 1 or 2");
  if (prefixLength < 0) fail("text.fuzzy.prefixLength", "cannot be negative");
  if (maxExpansions < 1 || maxExpansions > 1000) fail("text.fuzzy.maxExpansions", "must be within [1, 1000]");
  return { maxEdits, prefixLength, maxExpansions };
}

function wordScores(field: TextField, word: string, fuzzy: Fuzzy | null): Scores {
  const scores: Scores = new Map();
  const variants = fuzzy === null ? [{ word, factor: 1 }] : near(field, word, fuzzy);
  for (const variant of variants) {
    const docs = field.postings.get(variant.word);
    if (!docs) continue;
    for (const [id, positions] of docs) {
      const score = field.score(id, positions.length, docs.size) * variant.factor;
      scores.set(id, Math.max(scores.get(id) ?? 0, score));
    }
  }
  return scores;
}

/** Words of the index within the edit distance, the nearest first; a distant word counts for less. */
function near(
  field: TextField,
  word: string,
  fuzzy: Fuzzy,
): readonly { readonly word: string; readonly factor: number }[] {
  const prefix = word.slice(0, fuzzy.prefixLength);
  return [...field.postings.keys()]
    .filter((other) => other.startsWith(prefix) && Math.abs(other.length - word.length) <= fuzzy.maxEdits)
    .map((other) => ({ word: other, edits: editDistance(word, other) }))
    .filter(({ edits }) => edits <= fuzzy.maxEdits)
    .sort((a, b) => a.edits - b.edits)
    .slice(0, fuzzy.maxExpansions)
    .map(({ word: other, edits }) => ({ word: other, factor: 1 - edits / Math.min(word.length, other.length) }))
    .filter(({ factor }) => factor > 0);
}

/** Edits with swaps of neighbours counted as one. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The words in their order and distance; with slop, within that many moves. */
export function scorePhrase(body: Doc, evaluation: Evaluation): Scores {
  only(body, ["query", "path", "slop", "synonyms", "score"], "phrase");
  if (body["synonyms"] !== undefined) throw notImplemented("synonyms");
  const slop = asNumber(body["slop"], 0);
  if (slop < 0) fail("phrase.slop", "cannot be negative");
  const scores: Scores = new Map();
  for (const field of textFields(body, evaluation)) {
    for (const query of queriesOf(body)) {
      const terms = field.analyzeQuery(query);
      const [first] = terms;
      if (first === undefined) continue;
      const idf = terms.map((term) => field.postings.get(term.text)?.size ?? 0);
      for (const [id, starts] of field.postings.get(first.text) ?? []) {
        const placesOf = (term: Term): readonly number[] =>
          (field.postings.get(term.text)?.get(id) ?? []).map((place) => place - term.position);
        const frequency =
          slop > 0
            ? sloppyFrequency(terms.map(placesOf), slop)
            : starts.filter((start) => terms.every((term) => placesOf(term).includes(start - first.position))).length;
        if (frequency === 0) continue;
        const score = idf.reduce((sum, count) => sum + field.score(id, frequency, count), 0);
        scores.set(id, (scores.get(id) ?? 0) + score);
      }
    }
  }
  return scores;
}

/**
 * Lucene's: each place where all words stand within `slop` of the phrase counts 1 / (1 + how far they are off). Places
 * are given as where the phrase would begin by each word.
 */
function sloppyFrequency(places: readonly (readonly number[])[], slop: number): number {
  const all = places
    .flatMap((list, term) => list.map((place) => ({ place, term })))
    .toSorted((a, b) => a.place - b.place);
  let frequency = 0;
  let end = -Infinity;
  for (const [index, { place }] of all.entries()) {
    if (place < end) continue;
    const seen = new Set<number>();
    for (const other of all.slice(index)) {
      if (other.place - place > slop) break;
      seen.add(other.term);
      if (seen.size < places.length) continue;
      frequency += 1 / (1 + other.place - place);
      end = other.place + 1;
      break;
    }
  }
  return frequency;
}
