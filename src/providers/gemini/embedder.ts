import { z } from "zod";
import type { Embedder } from "../../ports/embedder.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { unusable } from "../failure.ts";
import { postJson } from "../http.ts";
import { unitVector } from "../vectors.ts";
import { geminiEndpoint, geminiFacts } from "./endpoint.ts";
import { refuseBlank } from "../refuse-blank.ts";
import type { ProviderOptions } from "../provider-options.ts";

const answer = z.object({ embeddings: z.array(z.object({ values: z.array(z.number()) })) });

/** Google's embeddings. Shortened vectors do not come with unit length; they are divided by it here. */
export function geminiEmbedder(
  options: ProviderOptions & { readonly model?: string | undefined; readonly dimensions?: number | undefined },
): Embedder {
  const { model = "gemini-embedding-001", dimensions = 1536 } = options;
  const endpoint = geminiEndpoint(options);
  return {
    fingerprint: `gemini/${model}@${dimensions}`,
    model,
    dimensions,
    maxTokens: 2048,
    languages: "multi",
    limits: { items: 100, tokens: 20_000, parallel: 4, prefersFull: true },
    countTokens: estimateTokens,
    async embed(texts, { kind, signal }) {
      if (texts.length === 0) return { vectors: [], tokens: 0 };
      refuseBlank(texts, "text");
      const requests = texts.map((text) => ({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        taskType: kind === "query" ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT",
        outputDimensionality: dimensions,
      }));
      const path = `/v1beta/models/${model}:batchEmbedContents`;
      const { embeddings } = await postJson(endpoint, { path, body: { requests }, signal }, answer);
      if (embeddings.length !== texts.length)
        throw unusable(geminiFacts, `${embeddings.length} vectors for ${texts.length} texts`);
      const vectors = embeddings.map(({ values }) => {
        const vector = values.length === dimensions ? unitVector(Float32Array.from(values)) : null;
        if (vector === null) throw unusable(geminiFacts, `a vector of ${values.length} dimensions`);
        return vector;
      });
      // The answer holds no count; the estimate is what there is.
      return { vectors, tokens: texts.reduce((sum, text) => sum + estimateTokens(text), 0) };
    },
    close: async () => {},
  };
}
