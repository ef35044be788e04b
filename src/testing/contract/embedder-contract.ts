import assert from "node:assert/strict";
import type { Embedder } from "../../ports/embedder.ts";
import { rejectsWith } from "./expect.ts";
import { honoursSignal, registerModelContract, type ModelCase, type ModelContract } from "./model-contract.ts";

const ducks = "Ducks eat pond weed and small snails.";
const invoice = "The invoice for the printer is due in March.";
const swans = "Swans and ducks live on the same pond.";

const embed = async (embedder: Embedder, ...texts: readonly string[]): Promise<readonly Float32Array[]> =>
  (await embedder.embed(texts, { kind: "document" })).vectors;

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, index) => sum + x * (b[index] ?? NaN), 0);

const assertSame = (a: Float32Array, b: Float32Array): void => assert.ok(dot(a, b) > 0.9995, `cosine ${dot(a, b)}`);

/** Every promise of the embedder port. */
export const embedderCases: readonly ModelCase<Embedder>[] = [
  {
    name: "says what it is and what it can take",
    async run({ fingerprint, model, dimensions, maxTokens, limits }) {
      assert.ok(fingerprint.length > 0 && model.length > 0);
      const numbers = [dimensions, maxTokens, limits.items, limits.tokens, limits.parallel];
      for (const number of numbers) assert.ok(number >= 1 && Number.isInteger(number), String(number));
    },
  },
  {
    name: "gives one vector of unit length and the declared dimensions for each text",
    async run(embedder) {
      const texts = [ducks, invoice, "x", "日本の天気", "🙂", "a\u0000b\r\n\tc"];
      for (const kind of ["document", "query"] as const) {
        const { vectors, tokens } = await embedder.embed(texts, { kind });
        assert.equal(vectors.length, texts.length);
        assert.ok(tokens >= 0 && Number.isFinite(tokens));
        for (const vector of vectors) {
          assert.ok(vector instanceof Float32Array);
          assert.equal(vector.length, embedder.dimensions);
          assert.ok(Math.abs(Math.sqrt(dot(vector, vector)) - 1) < 1e-4);
        }
      }
    },
  },
  {
    name: "gives the vectors in the order of the texts, whatever stands beside them",
    async run(embedder) {
      const filler = Array.from({ length: Math.min(24, embedder.limits.items - 3) }, (_, n) => `Filler number ${n}.`);
      const mixed = await embed(embedder, ducks, ...filler, invoice, ducks);
      const [alone, other] = [await embed(embedder, ducks), await embed(embedder, invoice)];
      assertSame(mixed[0]!, alone[0]!);
      assertSame(mixed.at(-1)!, alone[0]!);
      assertSame(mixed.at(-2)!, other[0]!);
    },
  },
  {
    name: "puts texts near to each other that share their subject",
    async run(embedder) {
      const [a, b, c] = await embed(embedder, ducks, swans, invoice);
      assert.ok(dot(a!, b!) > dot(a!, c!));
      const [question] = (await embedder.embed(["What do ducks eat?"], { kind: "query" })).vectors;
      assert.ok(dot(question!, a!) > dot(question!, c!));
    },
  },
  {
    name: "keeps calls apart that run at once",
    async run(embedder) {
      const texts = [ducks, invoice, swans, ducks];
      const expected = await embed(embedder, ...texts);
      const given = await Promise.all(texts.map((text) => embed(embedder, text)));
      given.forEach(([vector], index) => assertSame(vector!, expected[index]!));
    },
  },
  {
    name: "gives no vectors for no texts",
    async run(embedder) {
      assert.deepEqual((await embedder.embed([], { kind: "document" })).vectors, []);
    },
  },
  {
    name: "refuses blank texts as invalid input",
    async run(embedder) {
      for (const blank of ["", "  \n\t"]) {
        await rejectsWith(embedder.embed([ducks, blank], { kind: "document" }), "invalid_input");
      }
    },
  },
  {
    name: "counts tokens: none for nothing, more for more",
    async run({ countTokens }) {
      assert.equal(countTokens(""), 0);
      const [some, more] = [countTokens(ducks), countTokens(`${ducks} ${invoice}`)];
      assert.ok(some >= 5 && some <= ducks.length, String(some));
      assert.ok(more > some);
      assert.ok(Number.isInteger(some) && Number.isInteger(more));
    },
  },
  {
    name: "takes a text that is too long and leaves out what lies behind",
    async run(embedder) {
      if (embedder.maxTokens > 1024) return;
      const long = "duck ".repeat(embedder.maxTokens * 2);
      const [plain, longer] = await embed(embedder, long, `${long} ${invoice}`);
      assertSame(plain!, longer!);
    },
  },
  {
    name: "honours the signal before and in the middle of a call, and works afterwards",
    async run(embedder) {
      await honoursSignal((signal) => embedder.embed([ducks, invoice], { kind: "document", signal }));
      assert.equal((await embed(embedder, ducks)).length, 1);
    },
  },
];

/** Registers a test for each promise of the embedder port. */
export const embedderContract = (contract: ModelContract<Embedder>): void =>
  registerModelContract("embedder", contract, embedderCases);
