import { MockLanguageModelV3, simulateReadableStream } from "ai/test";
import type { Embedder } from "../ports/embedder.ts";
import type { LanguageModel } from "../ports/language-model.ts";
import type { Reranker } from "../ports/reranker.ts";
import { embedderContract } from "../testing/contract/embedder-contract.ts";
import { languageModelContract } from "../testing/contract/language-model-contract.ts";
import { rerankerContract } from "../testing/contract/reranker-contract.ts";
import { anthropicStandin } from "../testing/standins/anthropic.ts";
import { geminiStandin } from "../testing/standins/gemini.ts";
import { answerMarked } from "../testing/standins/marked-passages.ts";
import { openaiStandin } from "../testing/standins/openai.ts";
import type { Standin } from "../testing/standins/server.ts";
import { valueFor } from "../testing/standins/structured.ts";
import { voyageStandin } from "../testing/standins/voyage.ts";
import { budgetLedger } from "../wrap/budget.ts";
import { cacheEmbedder } from "../wrap/cache.ts";
import { systemClock } from "../wrap/clock.ts";
import { guardEmbedder, guardModel, guardReranker, guards } from "../wrap/guard.ts";
import { breaker } from "../wrap/breaker.ts";
import { limit } from "../wrap/limit.ts";
import { pack } from "../wrap/pack.ts";
import { listPrices } from "../wrap/prices.ts";
import { retry } from "../wrap/retry.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { ownerScope } from "../scope.ts";
import { aiSdkModel } from "./ai-sdk/index.ts";
import { anthropicModel } from "./anthropic/index.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { geminiEmbedder, geminiModel } from "./gemini/index.ts";
import { openaiEmbedder, openaiModel } from "./openai/index.ts";
import { optionsFor } from "./testbed.test.fixture.ts";
import { voyageContextualEmbedder, voyageEmbedder, voyageReranker } from "./voyage/index.ts";

/** Every adapter against its stand-in, bare and with everything that is put around it. */
const over =
  <T>(start: () => Promise<Standin>, make: (standin: Standin) => T) =>
  async () => {
    const standin = await start();
    return { model: make(standin), dispose: () => standin.close() };
  };

const everything = guards(
  limit({
    clock: systemClock,
    limitsOf: () => ({ requestsPerMinute: 100_000, tokensPerMinute: 100_000_000, parallel: 4 }),
  }),
  retry({ clock: systemClock, random: Math.random, deadlineMs: 10_000 }),
  breaker({ clock: systemClock }),
  budgetLedger({
    caches: openMemoryStore().caches,
    scope: () => ownerScope("contract"),
    run: "contract",
    ceilings: { perRun: 1000 },
    prices: listPrices,
    clock: systemClock,
  }).guard,
);

const embedders: readonly (readonly [name: string, start: () => Promise<Standin>, make: (s: Standin) => Embedder])[] = [
  ["voyage", voyageStandin, (s) => voyageEmbedder(optionsFor(s))],
  [
    "voyage, int8, 256 dimensions",
    voyageStandin,
    (s) => voyageEmbedder({ ...optionsFor(s), dtype: "int8", dimensions: 256 }),
  ],
  ["voyage, contextualised", voyageStandin, (s) => voyageContextualEmbedder(optionsFor(s))],
  ["openai", openaiStandin, (s) => openaiEmbedder(optionsFor(s))],
  ["gemini", geminiStandin, (s) => geminiEmbedder(optionsFor(s))],
  [
    "voyage with everything around it",
    voyageStandin,
    (s) => pack(cacheEmbedder(guardEmbedder(voyageEmbedder(optionsFor(s)), "voyage", everything))),
  ],
];
for (const [name, start, make] of embedders) embedderContract({ name, open: over(start, make) });

const rerankers: readonly (readonly [name: string, make: (s: Standin) => Reranker])[] = [
  ["voyage", (s) => voyageReranker(optionsFor(s))],
  [
    "voyage with everything around it",
    (s) => guardReranker(voyageReranker(optionsFor(s)), "voyage", estimateTokens, everything),
  ],
];
for (const [name, make] of rerankers) rerankerContract({ name, open: over(voyageStandin, make) });

const models: readonly (readonly [name: string, start: () => Promise<Standin>, make: (s: Standin) => LanguageModel])[] =
  [
    ["anthropic", anthropicStandin, (s) => anthropicModel(optionsFor(s))],
    ["openai", openaiStandin, (s) => openaiModel(optionsFor(s))],
    ["gemini", geminiStandin, (s) => geminiModel(optionsFor(s))],
    [
      "anthropic with everything around it",
      anthropicStandin,
      (s) => guardModel(anthropicModel(optionsFor(s)), everything),
    ],
  ];
for (const [name, start, make] of models) languageModelContract({ name, open: over(start, make) });

const usage = {
  inputTokens: { total: 9, noCache: 9, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 5, text: 5, reasoning: undefined },
};
const finishReason = { unified: "stop", raw: "stop" } as const;

/** The AI SDK's own fake, answering as the stand-ins do. */
const sdkModel = () =>
  new MockLanguageModelV3({
    doStream: async ({ prompt, abortSignal }) => {
      abortSignal?.throwIfAborted();
      const text = answerMarked(lastText(prompt))
        .map((sentence) => sentence.text)
        .join("");
      return {
        stream: simulateReadableStream({
          chunks: [
            { type: "text-start", id: "1" },
            { type: "text-delta", id: "1", delta: text },
            { type: "text-end", id: "1" },
            { type: "finish", finishReason, usage },
          ],
        }),
      };
    },
    doGenerate: async ({ prompt, responseFormat, abortSignal }) => {
      abortSignal?.throwIfAborted();
      const schema = responseFormat?.type === "json" ? (responseFormat.schema as Record<string, unknown>) : {};
      return {
        content: [{ type: "text", text: JSON.stringify(valueFor(schema, lastText(prompt))) }],
        finishReason,
        usage,
        warnings: [],
      };
    },
  });

function lastText(prompt: Parameters<MockLanguageModelV3["doStream"]>[0]["prompt"]): string {
  const content = prompt.at(-1)?.content ?? "";
  return typeof content === "string"
    ? content
    : content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

languageModelContract({
  name: "AI SDK bridge",
  open: async () => ({ model: aiSdkModel(sdkModel()), dispose: async () => {} }),
});
