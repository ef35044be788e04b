import { test } from "node:test";
import { Secret } from "../secret.ts";
import { embedderContract } from "../testing/contract/embedder-contract.ts";
import { languageModelContract } from "../testing/contract/language-model-contract.ts";
import { rerankerContract } from "../testing/contract/reranker-contract.ts";
import { anthropicModel } from "./anthropic/index.ts";
import { geminiEmbedder, geminiModel } from "./gemini/index.ts";
import { openaiEmbedder, openaiModel } from "./openai/index.ts";
import { voyageEmbedder, voyageReranker } from "./voyage/index.ts";

/** The same contracts on the real services, for whoever has a key. */
const always = async (): Promise<void> => {};

function live(name: string, register: (options: { apiKey: Secret; fetch: typeof globalThis.fetch }) => void): void {
  const setting = `HYBRIDRAG_LIVE_${name}_API_KEY`;
  const key = process.env[setting];
  if (key !== undefined && key !== "") return register({ apiKey: new Secret(key), fetch: globalThis.fetch });
  test(`${name.toLowerCase()} keeps its contracts live`, (t) => t.skip(`${setting} is not set`));
}

live("VOYAGE", (options) => {
  embedderContract({ name: "voyage, live", open: async () => ({ model: voyageEmbedder(options), dispose: always }) });
  rerankerContract({ name: "voyage, live", open: async () => ({ model: voyageReranker(options), dispose: always }) });
});
live("ANTHROPIC", (options) =>
  languageModelContract({
    name: "anthropic, live",
    open: async () => ({ model: anthropicModel(options), dispose: always }),
  }),
);
live("OPENAI", (options) => {
  embedderContract({ name: "openai, live", open: async () => ({ model: openaiEmbedder(options), dispose: always }) });
  languageModelContract({ name: "openai, live", open: async () => ({ model: openaiModel(options), dispose: always }) });
});
live("GEMINI", (options) => {
  embedderContract({ name: "gemini, live", open: async () => ({ model: geminiEmbedder(options), dispose: always }) });
  languageModelContract({ name: "gemini, live", open: async () => ({ model: geminiModel(options), dispose: always }) });
});
