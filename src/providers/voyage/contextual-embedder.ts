import { z } from "zod";
import type { Embedder } from "../../ports/embedder.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { unusable } from "../failure.ts";
import { postJson } from "../http.ts";
import { inOrder, unitVector } from "../vectors.ts";
import { voyageEndpoint, voyageFacts } from "./endpoint.ts";
import { checkSpace } from "./models.ts";
import { refuseBlank } from "../refuse-blank.ts";
import type { ProviderOptions } from "../provider-options.ts";

/** An embedder whose vector of a chunk also knows the chunks around it. */
export interface ContextualEmbedder extends Embedder {
  /** One list of vectors per document, in order; a document's chunks are read together. */
  embedDocuments(
    documents: readonly (readonly string[])[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly vectors: readonly (readonly Float32Array[])[]; readonly tokens: number }>;
}

const row = z.object({ embedding: z.array(z.number()), index: z.int() });
const answer = z.object({
  data: z.array(z.object({ index: z.int(), data: z.array(row) })),
  usage: z.object({ total_tokens: z.number() }),
});

/** Voyage AI's contextualised chunk embeddings: at most 1,000 documents, 16,000 chunks and 120,000 tokens a call. */
export function voyageContextualEmbedder(
  options: ProviderOptions & {
    readonly model?: string | undefined;
    /** For questions only; must share the space of `model`. */
    readonly queryModel?: string | undefined;
    readonly dimensions?: number | undefined;
  },
): ContextualEmbedder {
  const { model = "voyage-context-4", dimensions = 1024 } = options;
  const queryModel = options.queryModel ?? model;
  checkSpace(model, queryModel);
  const endpoint = voyageEndpoint(options);

  async function call(inputs: readonly (readonly string[])[], kind: "query" | "document", signal?: AbortSignal) {
    const asked = kind === "query" ? queryModel : model;
    const body = { inputs, model: asked, input_type: kind, output_dimension: dimensions, output_dtype: "float" };
    const { data, usage } = await postJson(endpoint, { path: "/contextualizedembeddings", body, signal }, answer);
    const documents = inOrder(data, inputs.length);
    if (documents === null) throw unusable(voyageFacts, `${data.length} documents instead of ${inputs.length}`);
    const vectors = documents.map((document, i) => {
      const rows = inOrder(document.data, inputs[i]?.length ?? 0);
      if (rows === null) throw unusable(voyageFacts, `too few vectors for document ${i}`);
      return rows.map(({ embedding }) => checked(embedding, dimensions));
    });
    return { vectors, tokens: usage.total_tokens };
  }

  return {
    fingerprint: `voyage/${model}@${dimensions}`,
    model,
    dimensions,
    maxTokens: 32_000,
    languages: "multi",
    limits: { items: 1000, tokens: 120_000, parallel: 8, prefersFull: true },
    countTokens: estimateTokens,
    readsTogether: true,
    async embed(texts, { kind, together = false, signal }) {
      if (texts.length === 0) return { vectors: [], tokens: 0 };
      refuseBlank(texts, "text");
      const { vectors, tokens } = await call(together ? [texts] : texts.map((text) => [text]), kind, signal);
      return { vectors: vectors.flat(), tokens };
    },
    embedDocuments: (documents, { signal } = {}) => call(documents, "document", signal),
    close: async () => {},
  };
}

function checked(embedding: readonly number[], dimensions: number): Float32Array {
  const vector = embedding.length === dimensions ? unitVector(Float32Array.from(embedding)) : null;
  if (vector === null) throw unusable(voyageFacts, `a vector that is not ${dimensions} numbers with a direction`);
  return vector;
}
