import assert from "node:assert/strict";
import type { GeneratePart, GenerateRequest, LanguageModel, TokenUsage } from "../../ports/language-model.ts";
import { honoursSignal, registerModelContract, type ModelCase, type ModelContract } from "./model-contract.ts";

const request: GenerateRequest = {
  system: "Answer in one short sentence from the sources.",
  messages: [{ role: "user", content: "What do ducks eat?" }],
  sources: [
    { id: "a:0", title: "Ducks", source: "ducks.txt", text: "Ducks eat pond weed and small snails." },
    { id: "b:0", title: "Invoice", source: "invoice.txt", text: "The invoice is due in March." },
  ],
  maxOutputTokens: 200,
};

const schema = {
  type: "object",
  properties: { answer: { type: "string" } },
  required: ["answer"],
  additionalProperties: false,
};

async function collect(parts: AsyncIterable<GeneratePart>): Promise<readonly GeneratePart[]> {
  const collected: GeneratePart[] = [];
  for await (const part of parts) collected.push(part);
  return collected;
}

function assertUsage(usage: TokenUsage): void {
  for (const [name, tokens] of Object.entries(usage)) {
    assert.ok(Number.isInteger(tokens) && tokens >= 0, `${name}: ${tokens}`);
  }
}

/** Every promise of the language model port. */
export const languageModelCases: readonly ModelCase<LanguageModel>[] = [
  {
    name: "says what it is and what it can take",
    async run({ provider, model, maxInputTokens, maxOutputTokens, countTokens }) {
      assert.ok(provider.length > 0 && model.length > 0);
      assert.ok(Number.isInteger(maxInputTokens) && maxInputTokens >= 1);
      assert.ok(Number.isInteger(maxOutputTokens) && maxOutputTokens >= 1);
      assert.equal(countTokens(""), 0);
      assert.ok(countTokens("Ducks eat pond weed.") < countTokens("Ducks eat pond weed. ".repeat(5)));
    },
  },
  {
    name: "streams its text and ends with exactly one finish",
    async run(model) {
      const parts = await collect(model.stream(request));
      const text = parts.map((part) => (part.type === "text-delta" ? part.text : "")).join("");
      assert.ok(text.trim().length > 0);
      assert.equal(parts.filter((part) => part.type === "finish").length, 1);
      const last = parts.at(-1);
      assert.ok(last?.type === "finish");
      assert.equal(last.reason, "stop");
      assertUsage(last.usage);
      assert.ok(last.usage.outputTokens > 0);
    },
  },
  {
    name: "cites only sources that it was given, and only their words",
    async run(model) {
      for (const part of await collect(model.stream(request))) {
        if (part.type !== "citation") continue;
        const cited = request.sources?.find(({ id }) => id === part.source_id);
        assert.ok(cited?.text.includes(part.quote), `${part.source_id}: ${part.quote}`);
      }
    },
  },
  {
    name: "goes on with a conversation",
    async run(model) {
      const messages = [
        ...request.messages,
        { role: "assistant", content: "Pond weed." } as const,
        { role: "user", content: "And what else do ducks eat?" } as const,
      ];
      const parts = await collect(model.stream({ ...request, messages, effort: "low" }));
      assert.equal(parts.at(-1)?.type, "finish");
    },
  },
  {
    name: "a reader who leaves ends the call, and the next one works",
    async run(model) {
      let read = 0;
      for await (const _ of model.stream(request)) {
        read += 1;
        break;
      }
      assert.equal(read, 1);
      assert.equal((await collect(model.stream(request))).at(-1)?.type, "finish");
    },
  },
  {
    name: "gives an object that the schema admits",
    async run(model) {
      const { value, usage } = await model.generateObject({ ...request, schema, name: "answer" });
      assert.ok(typeof value === "object" && value !== null);
      assert.deepEqual(Object.keys(value), ["answer"]);
      assert.equal(typeof (value as { readonly answer: unknown }).answer, "string");
      assertUsage(usage);
    },
  },
  {
    name: "honours the signal before and in the middle of a call, and works afterwards",
    async run(model) {
      await honoursSignal((signal) => collect(model.stream({ ...request, signal })));
      await honoursSignal((signal) => model.generateObject({ ...request, schema, name: "answer", signal }));
      assert.equal((await collect(model.stream(request))).at(-1)?.type, "finish");
    },
  },
];

/** Registers a test for each promise of the language model port. */
export const languageModelContract = (contract: ModelContract<LanguageModel>): void =>
  registerModelContract("language model", contract, languageModelCases);
