import { endianness } from "node:os";
import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { Embedder, EmbedRequest, EmbedResult } from "../../ports/embedder.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { unusable } from "../failure.ts";
import { postJson } from "../http.ts";
import { inOrder, unitVector } from "../vectors.ts";
import { voyageEndpoint, voyageFacts } from "./endpoint.ts";
import { checkSpace, voyageDimensions, voyageModel } from "./models.ts";
import { refuseBlank } from "../refuse-blank.ts";
import type { ProviderOptions } from "../provider-options.ts";

export interface VoyageEmbedderOptions extends ProviderOptions {
  readonly model?: string | undefined;
  /** For questions only; must share the space of `model`. */
  readonly queryModel?: string | undefined;
  readonly dimensions?: number | undefined;
  /** What crosses the wire; vectors are float32 here in any case. */
  readonly dtype?: "float" | "int8";
}

const answer = z.object({
  data: z.array(z.object({ embedding: z.union([z.string(), z.array(z.number())]), index: z.int() })),
  usage: z.object({ total_tokens: z.number() }),
});

/** Voyage AI's text embeddings. */
export function voyageEmbedder(options: VoyageEmbedderOptions): Embedder {
  const { model = "voyage-4-large", dimensions = 1024, dtype = "float" } = options;
  const queryModel = options.queryModel ?? model;
  check(model, queryModel, dimensions);
  const endpoint = voyageEndpoint(options);

  async function embed(texts: readonly string[], request: EmbedRequest): Promise<EmbedResult> {
    refuseBlank(texts, "text");
    const body = {
      input: texts,
      model: request.kind === "query" ? queryModel : model,
      input_type: request.kind,
      truncation: true,
      output_dimension: dimensions,
      output_dtype: dtype,
      // Base64 of float32 is half the bytes of decimal text and loses nothing.
      ...(dtype === "float" ? { encoding_format: "base64" } : {}),
    };
    const { data, usage } = await postJson(endpoint, { path: "/embeddings", body, signal: request.signal }, answer);
    const rows = inOrder(data, texts.length);
    if (rows === null) throw unusable(voyageFacts, `${data.length} vectors for ${texts.length} texts`);
    return { vectors: rows.map(({ embedding }) => vectorOf(embedding, dimensions)), tokens: usage.total_tokens };
  }

  return {
    fingerprint: `voyage/${model}@${dimensions}${dtype === "float" ? "" : `/${dtype}`}`,
    model,
    dimensions,
    maxTokens: 32_000,
    languages: "multi",
    limits: {
      items: 1000,
      tokens: Math.min(voyageModel(model).requestTokens, voyageModel(queryModel).requestTokens),
      parallel: 8,
      prefersFull: true,
    },
    countTokens: estimateTokens,
    embed: async (texts, request) => (texts.length === 0 ? { vectors: [], tokens: 0 } : embed(texts, request)),
    close: async () => {},
  };
}

function check(model: string, queryModel: string, dimensions: number): void {
  checkSpace(model, queryModel);
  if (!voyageDimensions.includes(dimensions))
    throw new HybridRAGError(
      "invalid_config",
      `${model} offers ${voyageDimensions.join(", ")} dimensions, not ${dimensions}; set HYBRIDRAG_EMBEDDING_DIMENSIONS.`,
    );
}

function vectorOf(embedding: string | readonly number[], dimensions: number): Float32Array {
  const values = typeof embedding === "string" ? floats(embedding) : Float32Array.from(embedding);
  if (values.length !== dimensions)
    throw unusable(voyageFacts, `a vector of ${values.length} dimensions instead of ${dimensions}`);
  const vector = unitVector(values);
  if (vector === null) throw unusable(voyageFacts, "a vector without direction");
  return vector;
}

/** Little-endian float32, as NumPy writes them. */
function floats(base64: string): Float32Array {
  const whole = Buffer.from(base64, "base64");
  const bytes = whole.subarray(0, whole.length & ~3);
  if (endianness() === "BE") bytes.swap32();
  // A copy, because a small buffer lies anywhere in a shared one.
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
