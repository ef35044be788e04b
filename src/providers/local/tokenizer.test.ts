import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { findModel } from "./model-files.ts";
import { parseTokenizerFile } from "./tokenizer-file.ts";
import { createTokenizer } from "./tokenizer.ts";

const { tokenizerJson } = await findModel({});
const file = await parseTokenizerFile(tokenizerJson);
const tokenizer = createTokenizer(file);
const pieceOf = new Map(Array.from(file.vocabulary, ([piece, id]) => [id, piece]));
const piecesOf = (text: string): string[] =>
  Array.from(tokenizer.encode(text, 512).slice(1, -1), (id) => pieceOf.get(id) ?? "?");

const cases: readonly (readonly [name: string, text: string, pieces: readonly string[]])[] = [
  ["folds case and splits punctuation", "Hello, World!", ["hello", ",", "world", "!"]],
  ["takes the longest piece first", "unaffable embeddings", ["una", "##ffa", "##ble", "em", "##bed", "##ding", "##s"]],
  ["strips accents, composed or not", "Café cafe\u0301 naïve", ["cafe", "cafe", "naive"]],
  ["sets ideographs apart", "東京tower", ["東", "京", "tower"]],
  ["drops control and format characters without splitting", "in\u0000for\u200Bma\u000Ction", ["information"]],
  ["takes any Unicode blank as one", "a\u00A0b\u2028c\u3000d", ["a", "b", "c", "d"]],
  ["splits every ASCII symbol", "a+b=$5^2", ["a", "+", "b", "=", "$", "5", "^", "2"]],
  ["splits punctuation beyond ASCII", "“quoted”—dash", ["“", "quoted", "”", "—", "dash"]],
  ["keeps a final sigma a plain one", "ΟΔΟΣ", ["ο", "##δ", "##ο", "##σ"]],
  ["decomposes a sign that is punctuation underneath", "a≠b", ["a", "=", "b"]],
  ["gives one unknown for a word with an unknown part", "a 𝔘𝔫 b", ["a", "[UNK]", "b"]],
  ["gives one unknown for a word above a hundred characters", `x ${"a".repeat(101)} y`, ["x", "[UNK]", "y"]],
  ["reads a special token in a text as words", "[SEP] x", ["[", "sep", "]", "x"]],
  ["finds nothing in blanks", " \t\n\u200B ", []],
];
for (const [name, text, pieces] of cases) {
  test(name, () => assert.deepEqual(piecesOf(text), pieces));
}

test("counts what it encodes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      assert.equal(tokenizer.encode(text, Infinity).length, tokenizer.count(text) + 2);
    }),
  );
});

test("counts of texts joined by a blank add up", () => {
  const text = fc.oneof(fc.lorem(), fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(text, text, (left, right) => {
      assert.equal(tokenizer.count(`${left} ${right}`), tokenizer.count(left) + tokenizer.count(right));
    }),
  );
});

test("a cut encoding is the start of the whole one, framed", () => {
  fc.assert(
    fc.property(fc.lorem({ maxCount: 40 }), fc.integer({ min: 3, max: 30 }), (text, limit) => {
      const whole = tokenizer.encode(text, Infinity);
      const cut = tokenizer.encode(text, limit);
      assert.equal(cut.length, Math.min(limit, whole.length));
      assert.deepEqual(cut.slice(0, -1), whole.slice(0, cut.length - 1));
      assert.equal(cut.at(-1), file.sep);
    }),
  );
});

test("remembered words give the ids that a fresh tokenizer gives", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
      assert.deepEqual(tokenizer.encode(text, 512), createTokenizer(file).encode(text, 512));
    }),
    { numRuns: 20 },
  );
});

test("refuses a tokenizer of another kind", async () => {
  const json = JSON.stringify({ normalizer: { type: "Precompiled" }, model: { type: "Unigram" } });
  await assert.rejects(parseTokenizerFile(json), { code: "invalid_config" });
  await assert.rejects(parseTokenizerFile("{"), { code: "invalid_config" });
});
