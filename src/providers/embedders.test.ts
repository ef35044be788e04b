import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import { Secret } from "../secret.ts";
import { geminiStandin } from "../testing/standins/gemini.ts";
import { openaiStandin } from "../testing/standins/openai.ts";
import type { Standin } from "../testing/standins/server.ts";
import { voyageStandin } from "../testing/standins/voyage.ts";
import { geminiEmbedder } from "./gemini/index.ts";
import { openaiEmbedder } from "./openai/index.ts";
import { lethalFaults, optionsFor, withStandin } from "./testbed.test.fixture.ts";
import { voyageContextualEmbedder, voyageEmbedder, voyageReranker } from "./voyage/index.ts";

const texts = ["Ducks eat pond weed.", "The invoice is due in March.", "Swans live on lakes."];
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

const cases: readonly {
  readonly name: string;
  readonly start: () => Promise<Standin>;
  readonly open: (standin: Standin, timeoutMs?: number) => Embedder;
  readonly keySetting: string;
}[] = [
  {
    name: "voyage",
    start: voyageStandin,
    open: (standin, timeoutMs) => voyageEmbedder(optionsFor(standin, timeoutMs)),
    keySetting: "VOYAGE_API_KEY",
  },
  {
    name: "voyage contextualised",
    start: voyageStandin,
    open: (standin, timeoutMs) => voyageContextualEmbedder(optionsFor(standin, timeoutMs)),
    keySetting: "VOYAGE_API_KEY",
  },
  {
    name: "openai",
    start: openaiStandin,
    open: (standin, timeoutMs) => openaiEmbedder({ ...optionsFor(standin, timeoutMs), dimensions: 512 }),
    keySetting: "OPENAI_API_KEY",
  },
  {
    name: "gemini",
    start: geminiStandin,
    open: (standin, timeoutMs) => geminiEmbedder(optionsFor(standin, timeoutMs)),
    keySetting: "GEMINI_API_KEY",
  },
];

for (const { name, start, open, keySetting } of cases) {
  const using = (use: (standin: Standin, embedder: Embedder) => Promise<void>, timeoutMs?: number) => () =>
    withStandin(start, (standin) => use(standin, open(standin, timeoutMs)));

  test(
    `${name}: one unit vector a text, in order, near to what means the same`,
    using(async (_, embedder) => {
      const { vectors, tokens } = await embedder.embed(texts, { kind: "document" });
      const [question] = (await embedder.embed(["What do ducks eat?"], { kind: "query" })).vectors;
      assert.equal(vectors.length, 3);
      assert.ok(tokens > 5);
      for (const vector of vectors) {
        assert.equal(vector.length, embedder.dimensions);
        assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5);
      }
      const cosines = vectors.map((vector) => dot(vector, question!));
      assert.equal(cosines.indexOf(Math.max(...cosines)), 0);
      assert.deepEqual((await embedder.embed([], { kind: "document" })).vectors, []);
    }),
  );

  for (const [fault, script, code, retryable] of lethalFaults)
    test(
      `${name}: ${fault} is ${code}${retryable ? ", to be repeated" : ""}, and shows no key`,
      using(async (standin, embedder) => {
        standin.faults.add(script);
        await assert.rejects(embedder.embed(texts, { kind: "document" }), (error: unknown) => {
          assert.ok(error instanceof HybridRAGError, String(error));
          assert.deepEqual([error.code, error.retryable], [code, retryable], error.message);
          if (fault === "401") assert.ok(error.message.includes(keySetting));
          assert.ok(!JSON.stringify([error, error.message, error.stack, String(error.cause)]).includes(standin.key));
          return true;
        });
      }, 300),
    );

  test(
    `${name}: who cancels gets his own reason`,
    using(async (standin, embedder) => {
      standin.faults.add({ kind: "hang" });
      const stop = new AbortController();
      const pending = embedder.embed(texts, { kind: "query", signal: stop.signal });
      queueMicrotask(() => stop.abort(new Error("mine")));
      await assert.rejects(pending, /mine/);
    }),
  );
}

test("voyage: the kind of text is sent, questions may use a lighter model of the same space", () =>
  withStandin(voyageStandin, async (standin) => {
    const embedder = voyageEmbedder({ ...optionsFor(standin), queryModel: "voyage-4-lite", dimensions: 256 });
    await embedder.embed(["a duck"], { kind: "query" });
    await embedder.embed(["a duck"], { kind: "document" });
    const sent = standin.journal.map(({ body }) => body as Record<string, unknown>);
    assert.deepEqual(
      sent.map((body) => [body["model"], body["input_type"], body["output_dimension"]]),
      [
        ["voyage-4-lite", "query", 256],
        ["voyage-4-large", "document", 256],
      ],
    );
    assert.equal(embedder.fingerprint, "voyage/voyage-4-large@256");
    assert.throws(() => voyageEmbedder({ ...optionsFor(standin), queryModel: "voyage-3.5" }), {
      code: "invalid_config",
    });
    assert.throws(() => voyageEmbedder({ ...optionsFor(standin), dimensions: 1000 }), /256, 512, 1024, 2048/);
  }));

test("voyage: the key chooses the address", async () => {
  const asked: string[] = [];
  const fetch = async (url: string | URL | Request): Promise<Response> => {
    asked.push(String(url));
    return Response.json({ data: [], usage: { total_tokens: 0 } });
  };
  for (const key of ["pa-0123456789abcdef", "al-0123456789abcdef"]) {
    const embedder = voyageEmbedder({ apiKey: new Secret(key), fetch });
    await assert.rejects(embedder.embed(["a"], { kind: "query" }), /0 vectors for 1 texts/);
  }
  assert.deepEqual(asked, ["https://api.voyageai.com/v1/embeddings", "https://ai.mongodb.com/v1/embeddings"]);
});

test("voyage: too many tokens in one call is too_large, which packing answers", () =>
  withStandin(voyageStandin, async (standin) => {
    const long = Array.from({ length: 200 }, () => "many different words of text ".repeat(150));
    await assert.rejects(voyageEmbedder(optionsFor(standin)).embed(long, { kind: "document" }), { code: "too_large" });
  }));

test("voyage: chunks of one document know each other", () =>
  withStandin(voyageStandin, async (standin) => {
    const embedder = voyageContextualEmbedder(optionsFor(standin));
    const { vectors } = await embedder.embedDocuments([["They swim.", "Ducks eat weed."], ["They swim."]]);
    assert.deepEqual(
      vectors.map((document) => document.length),
      [2, 1],
    );
    const [[withDucks] = [], [alone] = []] = vectors;
    assert.ok(dot(withDucks!, alone!) < 0.999);
    const texts = ["They swim.", "Ducks eat weed."];
    const together = await embedder.embed(texts, { kind: "document", together: true });
    const apart = await embedder.embed(texts, { kind: "document" });
    assert.deepEqual([together.vectors[0], apart.vectors[0]], [withDucks, alone]);
  }));

test("voyage: reranks, best first; blank texts and texts beyond the limit stay unranked", () =>
  withStandin(voyageStandin, async (standin) => {
    const reranker = voyageReranker(optionsFor(standin));
    const { ranking, tokens } = await reranker.rerank("what do ducks eat", ["Invoices.", " ", "Ducks eat weed."], {
      limit: 5,
    });
    assert.deepEqual(
      ranking.map(({ index }) => index),
      [2, 0],
    );
    assert.ok(tokens > 5);
    const huge = Array.from({ length: 60 }, (_, i) => `number ${i} `.concat("long text about ducks ".repeat(3000)));
    const some = await reranker.rerank("ducks", huge, { limit: 60 });
    assert.ok(some.ranking.length > 20 && some.ranking.length < 60);
    assert.deepEqual((await reranker.rerank("ducks", [" "], { limit: 1 })).ranking, []);
  }));

test("voyage: an instruction goes before the question, for models that follow it", () =>
  withStandin(voyageStandin, async (standin) => {
    const request = { limit: 1, instruction: "Prefer recent texts." };
    await voyageReranker(optionsFor(standin)).rerank("ducks", ["a duck"], request);
    assert.match((standin.journal[0]!.body as { query: string }).query, /^Prefer recent texts\.\n.*ducks$/);
  }));

for (const [fault, script, code] of lethalFaults)
  test(`voyage: a reranking that meets ${fault} is ${code}`, () =>
    withStandin(voyageStandin, async (standin) => {
      standin.faults.add(script);
      await assert.rejects(voyageReranker(optionsFor(standin, 300)).rerank("q", ["a"], { limit: 1 }), { code });
    }));
