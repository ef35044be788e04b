import { z } from "zod";
import { hashedEmbedding } from "./embedding.ts";
import { newKey } from "./key.ts";
import {
  type ProviderRules,
  Refusal,
  type Standin,
  type StandinCall,
  type StandinOptions,
  type StandinReply,
  startServer,
} from "./server.ts";
import { countTokens, coverage } from "./words.ts";

/** Tokens in one request, by model; the 4 series shares one space, the others have their own. */
const embeddingModels: Readonly<Record<string, { tokens: number; space: string }>> = {
  "voyage-4-large": { tokens: 120_000, space: "voyage-4" },
  "voyage-4": { tokens: 320_000, space: "voyage-4" },
  "voyage-4-lite": { tokens: 1_000_000, space: "voyage-4" },
  "voyage-code-4": { tokens: 120_000, space: "voyage-code-4" },
  "voyage-3-large": { tokens: 120_000, space: "voyage-3" },
  "voyage-3.5": { tokens: 320_000, space: "voyage-3" },
  "voyage-3.5-lite": { tokens: 1_000_000, space: "voyage-3" },
};
const contextModels = ["voyage-context-3", "voyage-context-4"];
const rerankModels = ["rerank-2.5", "rerank-2.5-lite"];
const contextLength = 32_000;

const prompts = {
  query: "Represent the query for retrieving supporting documents: ",
  document: "Represent the document for retrieval: ",
};

const inputType = z.enum(["query", "document"]).nullish();
const dimension = z.literal([256, 512, 1024, 2048]).nullish();
const dtype = z.enum(["float", "int8", "uint8", "binary", "ubinary"]).nullish();

const embedBody = z.strictObject({
  input: z.union([z.string(), z.array(z.string())]),
  model: z.string(),
  input_type: inputType,
  truncation: z.boolean().nullish(),
  output_dimension: dimension,
  output_dtype: dtype,
  encoding_format: z.literal("base64").nullish(),
});
const contextBody = z.strictObject({
  inputs: z.union([z.array(z.array(z.string())), z.array(z.string())]),
  model: z.string(),
  input_type: inputType,
  output_dimension: dimension,
  output_dtype: dtype,
  enable_auto_chunking: z.boolean().nullish(),
  chunk_size: z.int().min(1).max(contextLength).nullish(),
  chunk_overlap: z.int().min(0).nullish(),
});
const rerankBody = z.strictObject({
  query: z.string(),
  documents: z.array(z.string()),
  model: z.string(),
  top_k: z.int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
  truncation: z.boolean().nullish(),
});

/** A server that answers as `api.voyageai.com/v1` does; errors are `{"detail": "…"}`. */
export async function voyageStandin(options: StandinOptions = {}): Promise<Standin> {
  const key = options.key ?? newKey("pa-", 43);
  const server = await startServer(rules(key), options);
  const base = `${server.url}/v1`;
  return {
    ...server,
    name: "voyage",
    key,
    url: base,
    environment: { VOYAGE_API_KEY: key, VOYAGE_BASE_URL: base },
  };
}

function rules(key: string): ProviderRules {
  const refuse = (status: number, message: string): StandinReply => ({ status, json: { detail: message } });
  return {
    name: "voyage",
    refuse,
    answer(call) {
      if (call.headers["authorization"] !== `Bearer ${key}`) throw new Refusal(401, "Provided API key is invalid.");
      if (call.method !== "POST") throw new Refusal(405, "Method Not Allowed");
      if (call.path === "/v1/embeddings") return embed(read(embedBody, call));
      if (call.path === "/v1/contextualizedembeddings") return embedContextualised(read(contextBody, call));
      if (call.path === "/v1/rerank") return rerank(read(rerankBody, call));
      throw new Refusal(404, "Not Found");
    },
  };
}

function read<T>(schema: z.ZodType<T>, call: StandinCall): T {
  if (!call.headers["content-type"]?.startsWith("application/json") || call.body === undefined)
    throw new Refusal(400, "The request body is not valid JSON.");
  const parsed = schema.safeParse(call.body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys")
    throw new Refusal(400, `Argument '${issue.keys[0]}' is not supported by our API`);
  throw new Refusal(400, `The value of '${issue?.path.join(".")}' is not valid: ${issue?.message}.`);
}

function embed(body: z.infer<typeof embedBody>): StandinReply {
  const model = embeddingModels[body.model];
  if (model === undefined) throw unknownModel(body.model, Object.keys(embeddingModels));
  const texts = typeof body.input === "string" ? [body.input] : body.input;
  const tokens = checkTexts(texts, model.tokens, body.truncation ?? true, body.model);
  return {
    status: 200,
    tokens,
    model: body.model,
    json: {
      object: "list",
      data: texts.map((text, index) => ({
        object: "embedding",
        embedding: encode(vectorOf(text, body, model.space), body.output_dtype ?? "float", body.encoding_format),
        index,
      })),
      model: body.model,
      usage: { total_tokens: tokens },
    },
  };
}

function checkTexts(texts: readonly string[], limit: number, truncation: boolean, model: string): number {
  if (texts.length === 0) throw new Refusal(400, "Input cannot be an empty list.");
  if (texts.length > 1000) throw new Refusal(400, `The batch size limit is 1000. Your batch size is ${texts.length}.`);
  if (texts.some((text) => text.trim() === ""))
    throw new Refusal(400, "Input cannot contain empty strings or empty lists");
  const counts = texts.map(countTokens);
  if (!truncation && counts.some((count) => count > contextLength))
    throw new Refusal(400, `An input has more than ${contextLength} tokens; set truncation to true to shorten it.`);
  const tokens = counts.reduce((sum, count) => sum + Math.min(count, contextLength), 0);
  if (tokens > limit)
    throw new Refusal(
      400,
      `Request to model '${model}' failed. The max allowed tokens per submitted batch is ${limit}. ` +
        `Your batch has ${tokens} tokens after truncation. Please lower the number of tokens in the batch.`,
    );
  return tokens;
}

interface VectorRequest {
  readonly input_type?: "query" | "document" | null | undefined;
  readonly output_dimension?: number | null | undefined;
}

const vectorOf = (text: string, body: VectorRequest, space: string): Float32Array =>
  hashedEmbedding(text, body.output_dimension ?? 1024, space, body.input_type ? prompts[body.input_type] : null);

type Dtype = NonNullable<z.infer<typeof dtype>>;

function encode(vector: Float32Array, kind: Dtype, format: "base64" | null | undefined): number[] | string {
  if (kind === "float") {
    if (format === "base64") return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
    return Array.from(vector, (value) => Number(value.toFixed(9)));
  }
  const values = kind === "binary" || kind === "ubinary" ? bits(vector, kind) : bytes(vector, kind);
  return format === "base64" ? Buffer.from(values.map((value) => value & 255)).toString("base64") : values;
}

const bytes = (vector: Float32Array, kind: "int8" | "uint8"): number[] =>
  Array.from(vector, (value) => {
    const code = Math.max(-127, Math.min(127, Math.round(value * 127 * 4)));
    return kind === "int8" ? code : code + 128;
  });

function bits(vector: Float32Array, kind: "binary" | "ubinary"): number[] {
  const packed: number[] = [];
  for (let at = 0; at < vector.length; at += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte = (byte << 1) | ((vector[at + bit] ?? 0) > 0 ? 1 : 0);
    packed.push(kind === "ubinary" ? byte : byte - 128);
  }
  return packed;
}

function embedContextualised(body: z.infer<typeof contextBody>): StandinReply {
  if (!contextModels.includes(body.model)) throw unknownModel(body.model, contextModels);
  if (body.enable_auto_chunking && body.input_type !== "document")
    throw new Refusal(400, "Automatic chunking needs input_type 'document'.");
  const documents = body.inputs.map((input) => (typeof input === "string" ? [input] : input));
  if (documents.length > 1000) throw new Refusal(400, "At most 1000 documents are allowed in one request.");
  if (documents.flat().length > 16_000) throw new Refusal(400, "At most 16000 chunks are allowed in one request.");
  let tokens = 0;
  for (const chunks of documents) {
    if (chunks.length === 0 || chunks.some((chunk) => chunk.trim() === ""))
      throw new Refusal(400, "Input cannot contain empty strings or empty lists");
    const count = chunks.reduce((sum, chunk) => sum + countTokens(chunk), 0);
    if (count > contextLength) throw new Refusal(400, `A document has ${count} tokens; the limit is ${contextLength}.`);
    tokens += count;
  }
  if (tokens > 120_000) throw new Refusal(400, `The max allowed tokens per submitted batch is 120000, got ${tokens}.`);
  const vectors = (chunks: readonly string[]): unknown =>
    chunks.map((chunk, index) => ({
      object: "embedding",
      // The neighbours tilt a chunk's vector, as a document's context does.
      embedding: encode(
        blend(vectorOf(chunk, body, body.model), vectorOf(chunks.join(" "), body, body.model)),
        body.output_dtype ?? "float",
        null,
      ),
      index,
    }));
  return {
    status: 200,
    tokens,
    model: body.model,
    json: {
      object: "list",
      data: documents.map((chunks, index) => ({ object: "list", index, data: vectors(chunks) })),
      model: body.model,
      usage: { total_tokens: tokens },
    },
  };
}

function blend(own: Float32Array, around: Float32Array): Float32Array {
  const mixed = own.map((value, i) => 0.8 * value + 0.2 * (around[i] ?? 0));
  const length = Math.hypot(...mixed) || 1;
  return mixed.map((value) => value / length);
}

function rerank(body: z.infer<typeof rerankBody>): StandinReply {
  if (!rerankModels.includes(body.model)) throw unknownModel(body.model, rerankModels);
  if (body.query.trim() === "") throw new Refusal(400, "Query cannot be empty.");
  if (body.documents.length === 0) throw new Refusal(400, "Documents cannot be an empty list.");
  if (body.documents.length > 1000) throw new Refusal(400, "At most 1000 documents are allowed in one request.");
  if (body.documents.some((text) => text === "")) throw new Refusal(400, "Documents cannot contain empty strings.");
  const queryTokens = countTokens(body.query);
  if (queryTokens > 8000) throw new Refusal(400, "The query may have at most 8000 tokens.");
  const tokens = body.documents.reduce(
    (sum, text) => sum + Math.min(countTokens(text), contextLength - queryTokens),
    queryTokens * body.documents.length,
  );
  if (tokens > 600_000)
    throw new Refusal(
      400,
      `The total number of tokens (query tokens × documents + document tokens) is ${tokens}; the limit is 600000.`,
    );
  const scores = coverage(body.query, body.documents);
  const data = scores
    .map((score, index) => ({
      index,
      relevance_score: Number((0.05 + 0.9 * score).toFixed(6)),
      ...(body.return_documents ? { document: body.documents[index] } : {}),
    }))
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, body.top_k ?? undefined);
  return {
    status: 200,
    tokens,
    model: body.model,
    json: { object: "list", data, model: body.model, usage: { total_tokens: tokens } },
  };
}

const unknownModel = (model: string, known: readonly string[]): Refusal =>
  new Refusal(400, `Model ${model} is not supported. Supported models are ${known.join(", ")}.`);
