import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { Extractor, ExtractPassage } from "../ports/extractor.ts";
import type { GenerateRequest, LanguageModel } from "../ports/language-model.ts";
import { quotingModel } from "../testing/fake-models.ts";
import { modelExtractor } from "./model-extractor.ts";

const passage = (id: string, content: string, start = 0): ExtractPassage => ({
  chunk_id: id,
  title: "Letters",
  heading_path: [],
  content,
  start,
  links: [],
});
const ada = passage("a", "Ada Lovelace wrote to Charles Babbage.", 100);
const duck = passage("d", "Ducks eat pond weed.");

/** Rules that find one name of unknown kind in every passage that holds it. */
const rules: Extractor = {
  fingerprint: "rules/1",
  extract: async (passages) => ({
    passages: passages.map(({ chunk_id, content }) => ({
      mentions: content.includes("Ada Lovelace")
        ? [
            {
              chunk_id,
              entity: "ada lovelace",
              name: "Ada Lovelace",
              kind: "body",
              type: "unknown",
              start: 100,
              end: 112,
            },
          ]
        : [],
      links: [],
      assertions: [],
    })),
    failed: 0,
  }),
  close: async () => {},
};

function answering(value: unknown) {
  const asked: GenerateRequest[] = [];
  const model: LanguageModel = {
    ...quotingModel(),
    generateObject: async (request) => {
      asked.push(request);
      if (value instanceof Error) throw value;
      return { value, usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 } };
    },
  };
  return { model, asked };
}

const reading = {
  sources: [
    {
      number: 1,
      names: [
        { name: "Ada Lovelace", kind: "Person" },
        { name: "Charles Babbage", kind: "person" },
        { name: "Isaac Newton", kind: "person" },
      ],
      statements: [
        { subject: "Ada Lovelace", relation: "wrote to", object: "Charles Babbage" },
        { subject: "Isaac Newton", relation: "knew", object: "Ada Lovelace" },
        { subject: "Ada Lovelace", relation: "is", object: "Ada Lovelace" },
      ],
    },
  ],
};

test("adds the names that stand in the passage and the statements between them, and nothing invented", async () => {
  const { passages, failed } = await modelExtractor(answering(reading).model, rules).extract([ada, duck]);
  const [first, second] = passages;
  assert.deepEqual(
    first?.mentions.map(({ name, type, start, end }) => [name, type, start, end]),
    [
      ["Ada Lovelace", "person", 100, 112],
      ["Charles Babbage", "person", 122, 137],
    ],
  );
  assert.deepEqual(
    first?.assertions.map(({ source_entity, type, target_entity }) => [source_entity, type, target_entity]),
    [["ada lovelace", "wrote to", "charles babbage"]],
  );
  assert.deepEqual([second, failed], [{ mentions: [], links: [], assertions: [] }, 0]);
});

test("several passages go in one call, many in several, results in order", async () => {
  const { model, asked } = answering(reading);
  const { passages } = await modelExtractor(model, rules).extract(Array.from({ length: 20 }, () => ada));
  assert.deepEqual(
    asked.map(({ sources }) => sources?.length),
    [8, 8, 4],
  );
  assert.deepEqual(
    passages.map(({ assertions }) => assertions.length),
    Array.from({ length: 20 }, (_, i) => (i % 8 === 0 ? 1 : 0)),
  );
  assert.ok(!JSON.stringify([asked[0]?.system, asked[0]?.messages]).includes("Babbage"), "passages are sources only");
});

test("what cannot be used leaves the rules' result, counted; what concerns the run is thrown", async () => {
  const refused = new HybridRAGError("provider_failed", "declined", { retryable: false });
  for (const value of [refused, { wrong: 1 }, "text"]) {
    const { passages, failed } = await modelExtractor(answering(value).model, rules).extract([ada]);
    assert.deepEqual([passages[0]?.mentions.length, failed], [1, 1]);
  }
  for (const code of ["budget_exceeded", "invalid_config", "provider_failed"] as const)
    await assert.rejects(modelExtractor(answering(new HybridRAGError(code, "no")).model, rules).extract([ada]), {
      code,
    });
});

test("what is wrong in one source costs no other; a kind that is no word is none", async () => {
  const [own] = reading.sources;
  const mixed = {
    sources: [
      { number: 1, names: [{ name: "Ada Lovelace", kind: "She was, as far as we know, a person." }], statements: [] },
      { number: 2, names: "none", statements: [] },
      { ...own, number: 3 },
    ],
  };
  const { passages, failed } = await modelExtractor(answering(mixed).model, rules).extract([ada, ada, ada]);
  assert.deepEqual(
    passages.map(({ assertions }) => assertions.length),
    [0, 0, 1],
  );
  assert.deepEqual([passages[0]?.mentions[0]?.type, failed], ["unknown", 1]);
});

test("its fingerprint holds the rules, the model and the instructions", () => {
  assert.equal(modelExtractor(answering({}).model, rules).fingerprint, "rules/1 + fake/quoting/1");
});
