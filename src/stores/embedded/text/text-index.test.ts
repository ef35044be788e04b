import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { englishAnalyzer } from "../../../text/analyze.ts";
import { isWithinOneEdit } from "../../../text/edit-distance.ts";
import { bitmapOf } from "../bitmap.ts";
import { wordsWithinOneEdit, wordsWithPrefix } from "./known-words.ts";
import { mergeParts } from "./merge-parts.ts";
import { defaultBm25, type QueryTerm, scoreRows, type TextScores } from "./score-rows.ts";
import { buildSegment, type TextRow } from "./segment-builder.ts";
import { slotsWithAll } from "./slots-with-all.ts";
import { type TextIndex, textIndex, textPart, withoutSlots } from "./text-index.ts";

const analyzer = englishAnalyzer();
const vocabulary = ["run", "running", "runs", "cat", "cats", "tower", "towers", "rune", "東京都", "the", "café", "3.5"];
const phrase = fc.array(fc.constantFrom(...vocabulary), { maxLength: 8 }).map((words) => words.join(" "));
const row = fc.record({ tenant: fc.integer({ min: 1, max: 3 }), title: phrase, content: phrase });
const bodyOf = ({ title, content }: TextRow): string => `${title}\n${content}`;

type Step =
  | { readonly kind: "add"; readonly rows: readonly Omit<TextRow, "slot">[] }
  | { readonly kind: "delete"; readonly picks: readonly number[] }
  | { readonly kind: "merge"; readonly from: number; readonly count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), rows: fc.array(row, { minLength: 1, maxLength: 6 }) }),
  fc.record({ kind: fc.constant("delete" as const), picks: fc.array(fc.nat(), { maxLength: 3 }) }),
  fc.record({ kind: fc.constant("merge" as const), from: fc.nat(4), count: fc.nat(4) }),
);

interface World {
  readonly index: TextIndex;
  readonly living: readonly TextRow[];
}

interface History {
  readonly steps: readonly Step[];
  /** 1: slots follow one another; else they come scrambled, so that segments interleave. */
  readonly stride: number;
}

function perform({ steps, stride }: History): World {
  let living: TextRow[] = [];
  let index = textIndex([]);
  let added = 0;
  for (const step of steps) {
    if (step.kind === "add") {
      const rows = step.rows.map((fields) => ({ ...fields, slot: (added++ * stride) % 101 }));
      living = [...living, ...rows];
      index = textIndex([...index.parts, textPart(buildSegment(analyzer, rows))]);
    } else if (step.kind === "delete") {
      const slots = step.picks.flatMap((pick) => living[pick % living.length]?.slot ?? []);
      living = living.filter(({ slot }) => !slots.includes(slot));
      index = withoutSlots(index, slots);
    } else {
      const merged = index.parts.slice(step.from, step.from + step.count);
      const others = index.parts.filter((part) => !merged.includes(part));
      index = textIndex(merged.length === 0 ? others : [...others, textPart(mergeParts(merged))]);
    }
  }
  return { index, living };
}

/** BM25 as one reads it in a book. */
function plainScore(corpus: readonly TextRow[], question: string, target: TextRow): number {
  const { k1, bodyB, titleB, titleWeight } = defaultBm25;
  const body = (one: TextRow): string[] => analyzer.analyze(bodyOf(one));
  const title = (one: TextRow): string[] => analyzer.analyze(one.title);
  const mean = (field: (one: TextRow) => string[]): number =>
    corpus.reduce((sum, one) => sum + field(one).length, 0) / corpus.length;
  const share = (field: (one: TextRow) => string[], term: string, b: number): number => {
    const count = field(target).filter((one) => one === term).length;
    return count === 0 ? 0 : count / (count + k1 * (1 - b + (b * field(target).length) / mean(field)));
  };
  const idf = (field: (one: TextRow) => string[], term: string): number => {
    const frequency = corpus.filter((one) => field(one).includes(term)).length;
    return Math.log(1 + (corpus.length - frequency + 0.5) / (frequency + 0.5));
  };
  return analyzer.analyze(question).reduce((sum, term) => {
    const inTitle = titleWeight * idf(title, term) * share(title, term, titleB);
    return sum + idf(body, term) * share(body, term, bodyB) + inTitle;
  }, 0);
}

function queryTerms(question: string): QueryTerm[] {
  const counts = new Map<string, number>();
  for (const term of analyzer.analyze(question)) counts.set(term, (counts.get(term) ?? 0) + 1);
  return Array.from(counts, ([term, weight]) => ({ weight, alternatives: [{ term, weight: 1 }] }));
}

const steps: fc.Arbitrary<History> = fc.record({
  steps: fc.array(step, { maxLength: 12 }),
  stride: fc.constantFrom(1, 37),
});

function score(index: TextIndex, tenant: number, question: string, allowedSlots: readonly number[] | null): TextScores {
  const allowed = allowedSlots === null ? null : bitmapOf(allowedSlots, 101);
  return scoreRows(index, { tenant, terms: queryTerms(question), allowed });
}

test("scores as the formula does, whatever was added, deleted and merged before", () => {
  fc.assert(
    fc.property(
      steps,
      phrase,
      fc.subarray(Array.from({ length: 101 }, (_, slot) => slot)),
      (steps, question, slots) => {
        const { index, living } = perform(steps);
        const corpus = living.filter(({ tenant }) => tenant === 1);
        const { scores, moments, matched, corpusSize } = score(index, 1, question, slots);
        const expected = corpus
          .filter(({ slot }) => slots.includes(slot))
          .map((row) => ({ slot: row.slot, value: plainScore(corpus, question, row) }));
        for (const { slot, value } of expected) assert.ok(Math.abs((scores[slot] as number) - value) < 1e-5);
        assert.equal(matched, expected.filter(({ value }) => value > 0).length);
        assert.equal(scores.filter((value) => value !== 0).length, matched);
        const mean = expected.reduce((sum, { value }) => sum + value, 0) / (expected.length || 1);
        const variance = expected.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (expected.length || 1);
        assert.ok(Math.abs(moments.mean - mean) < 1e-4 && Math.abs(moments.deviation ** 2 - variance) < 1e-4);
        assert.equal(moments.count, expected.length);
        assert.equal(corpusSize, corpus.length);
      },
    ),
    { numRuns: 300 },
  );
});

test("gives a tenant, to the bit, the scores it would have alone and freshly built", () => {
  fc.assert(
    fc.property(steps, phrase, (steps, question) => {
      const { index, living } = perform(steps);
      const own = living.filter(({ tenant }) => tenant === 1);
      const alone = textIndex([textPart(buildSegment(analyzer, own))]);
      const { scores, peaks, ...rest } = score(index, 1, question, null);
      const { scores: expected, peaks: _alone, ...expectedRest } = score(alone, 1, question, null);
      assert.equal(Math.max(0, ...peaks), Math.max(0, ...scores));
      assert.deepEqual(rest, expectedRest);
      for (let slot = 0; slot < index.slots; slot += 1) assert.equal(scores[slot], expected[slot] ?? 0);
    }),
    { numRuns: 300 },
  );
});

test("takes the best of several alternatives", () => {
  fc.assert(
    fc.property(steps, fc.subarray(["run", "cat", "tower", "rune"], { minLength: 2 }), (steps, alternatives) => {
      const { index } = perform(steps);
      const scoresOf = (terms: readonly string[]): Float32Array =>
        scoreRows(index, {
          tenant: 1,
          terms: [{ weight: 2, alternatives: terms.map((term) => ({ term, weight: 1 })) }],
          allowed: null,
        }).scores;
      const alone = alternatives.map((term) => scoresOf([term]));
      for (const [slot, score] of scoresOf(alternatives).entries()) {
        assert.equal(score, Math.max(...alone.map((scores) => scores[slot] as number)));
      }
    }),
  );
});

test("merges into the very bytes that the living rows would have been built into", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { index, living } = perform(steps);
      const merged = mergeParts(index.parts);
      assert.deepEqual(merged.bytes, buildSegment(analyzer, living.toReversed()).bytes);
    }),
    { numRuns: 300 },
  );
});

test("finds similar words and beginnings among the tenant's living rows only", () => {
  fc.assert(
    fc.property(steps, fc.constantFrom("rnu", "ru", "rums", "cast", "tower", "t"), (steps, wanted) => {
      const { index, living } = perform(steps);
      const counts = new Map<string, number>();
      for (const row of living) {
        const words = new Set(analyzer.analyzeWithOffsets(bodyOf(row)).map(({ word }) => word));
        if (row.tenant === 1) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      const expected = (test: (word: string) => boolean): [string, number][] =>
        [...counts].filter(([word]) => test(word)).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
      const pairs = (known: ReturnType<typeof wordsWithPrefix>): [string, number][] =>
        known.map(({ word, term, frequency }) => {
          assert.equal(term, analyzer.analyze(word)[0]);
          return [word, frequency];
        });
      assert.deepEqual(
        pairs(wordsWithinOneEdit(index, 1, wanted)),
        expected((word) => isWithinOneEdit(word, wanted)),
      );
      assert.deepEqual(
        pairs(wordsWithPrefix(index, 1, wanted, 99)),
        expected((word) => word.startsWith(wanted)),
      );
    }),
    { numRuns: 300 },
  );
});

test("finds the allowed rows that hold every term", () => {
  const question = fc.subarray(["run", "cat", "tower", "rune", "zebra"]);
  fc.assert(
    fc.property(steps, question, fc.array(fc.nat(100)), (steps, terms, allowed) => {
      const { index, living } = perform(steps);
      const expected = living
        .filter(({ tenant, slot }) => tenant === 1 && allowed.includes(slot))
        .filter((row) => terms.every((term) => analyzer.analyze(bodyOf(row)).includes(term)))
        .map(({ slot }) => slot);
      const found = slotsWithAll(index, 1, terms, bitmapOf(allowed, 101));
      assert.deepEqual(found.sort(), expected.sort());
    }),
    { numRuns: 300 },
  );
});
