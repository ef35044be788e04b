import { z } from "zod";
import type { Embedder } from "../../ports/embedder.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { unusable } from "../failure.ts";
import { postJson } from "../http.ts";
import { inOrder, unitVector } from "../vectors.ts";
import { openaiEndpoint, openaiFacts } from "./endpoint.ts";
import { refuseBlank } from "../refuse-blank.ts";
import type { ProviderOptions } from "../provider-options.ts";

export interface OpenAIEmbedderOptions extends ProviderOptions {
  readonly model?: string | undefined;
  /** For models of one's own it must be said; OpenAI's own shorten to it. */
  readonly dimensions?: number | undefined;
}

const native: Readonly<Record<string, number>> = { "text-embedding-3-small": 1536, "text-embedding-3-large": 3072 };

const answer = z.object({
  data: z.array(z.object({ embedding: z.array(z.number()), index: z.int() })),
  usage: z.object({ total_tokens: z.number() }).optional(),
});

/** Embeddings of OpenAI and of servers that speak its protocol. */
export function openaiEmbedder(options: OpenAIEmbedderOptions): Embedder {
  const { model = "text-embedding-3-small" } = options;
  const dimensions = options.dimensions ?? native[model] ?? 768;
  const endpoint = openaiEndpoint(options);
  // Only these shorten; other servers refuse the field or ignore it.
  const shortens = model in native && dimensions !== native[model];
  return {
    fingerprint: `openai/${model}@${dimensions}`,
    model,
    dimensions,
    maxTokens: 8191,
    languages: "multi",
    limits: { items: 2048, tokens: 300_000, parallel: 8, prefersFull: true },
    countTokens: estimateTokens,
    async embed(texts, { signal }) {
      if (texts.length === 0) return { vectors: [], tokens: 0 };
      refuseBlank(texts, "text");
      const input = texts.map((text) => shortened(text));
      const body = { model, input, encoding_format: "float", ...(shortens ? { dimensions } : {}) };
      const { data, usage } = await postJson(endpoint, { path: "/embeddings", body, signal }, answer);
      const rows = inOrder(data, texts.length);
      if (rows === null) throw unusable(openaiFacts, `${data.length} vectors for ${texts.length} texts`);
      const vectors = rows.map(({ embedding }) => {
        const vector = embedding.length === dimensions ? unitVector(Float32Array.from(embedding)) : null;
        if (vector === null)
          throw unusable(openaiFacts, `a vector of ${embedding.length} dimensions instead of ${dimensions}`);
        return vector;
      });
      return { vectors, tokens: usage?.total_tokens ?? 0 };
    },
    close: async () => {},
  };
}

/** The API refuses a text that is too long instead of cutting it. The estimate is high, so most texts stay whole. */
function shortened(text: string): string {
  const tokens = estimateTokens(text);
  return tokens <= 8191 ? text : text.slice(0, Math.floor((text.length * 8191) / tokens));
}
