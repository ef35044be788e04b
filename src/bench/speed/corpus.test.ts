import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseRanks } from "./candidate.ts";
import { corpusOf, recent } from "./corpus.ts";
import { trueNearest } from "./nearest.ts";

const size = 2000;
const corpus = corpusOf(size);
const passages = Array.from({ length: size }, (_, index) => corpus.passage(index));
const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

test("every process makes the same corpus, whatever it asks for first", () => {
  const again = corpusOf(size);
  assert.deepEqual(again.question(7), corpus.question(7));
  assert.deepEqual(again.passage(1234), passages[1234]);
});

test("vectors have unit length; passages of one centre lie near, others anywhere", () => {
  for (const { vector } of passages.slice(0, 50)) assert.ok(Math.abs(cosine(vector, vector) - 1) < 1e-5);
  const { vector } = corpus.question(3);
  const cosines = passages.map((passage) => cosine(vector, passage.vector)).toSorted((a, b) => b - a);
  assert.ok(cosines[0]! > 0.55 && cosines[0]! < 0.9, `the nearest lies at ${cosines[0]}`);
  assert.ok(Math.abs(cosines[size / 2]!) < 0.1, `the middle lies at ${cosines[size / 2]}`);
});

test("words follow Zipf's law, and a question is five that stand side by side", () => {
  const counts = new Map<string, number>();
  for (const word of passages.flatMap(({ content }) => content.split(" ")))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  const [first, second] = [...counts.values()].toSorted((a, b) => b - a);
  assert.ok(first! / second! > 1.8 && first! / second! < 2.2);
  const { text } = corpus.question(5);
  assert.equal(text.split(" ").length, 5);
  assert.ok(passages.some(({ content }) => content.includes(text)));
});

test("a group keeps about one passage in a hundred, category and time one in two hundred", () => {
  const share = (keeps: (passage: (typeof passages)[number]) => boolean) => passages.filter(keeps).length / size;
  assert.ok(new Set(passages.map(({ group }) => group)).size > 90);
  assert.ok(Math.abs(share(({ category }) => category === "c3") - 0.1) < 0.05);
  assert.ok(Math.abs(share(({ time }) => time >= recent.from) - 0.05) < 0.03);
});

test("the true nearest are those of a full sort", () => {
  const nearest = trueNearest(corpusOf(300), 2);
  const question = corpusOf(300).question(1);
  const expected = passages
    .slice(0, 300)
    .map(({ id, vector, group }) => ({ id, group, score: cosine(question.vector, vector) }))
    .toSorted((a, b) => b.score - a.score);
  const ids = (list: typeof expected) => list.slice(0, 10).map(({ id }) => id);
  assert.deepEqual(nearest(1, "all"), ids(expected));
  assert.deepEqual(nearest(1, "group"), ids(expected.filter(({ group }) => group === question.group)));
  assert.equal(nearest(2, "all"), null);
});

test("what both lists hold comes before what one holds", () => {
  assert.deepEqual(
    fuseRanks([
      ["a", "b"],
      ["c", "b"],
    ]),
    ["b", "a", "c"],
  );
});
