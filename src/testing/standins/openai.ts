import { z } from "zod";
import { hashedEmbedding } from "./embedding.ts";
import type { Fault } from "./fault.ts";
import { newKey } from "./key.ts";
import { answerMarked } from "./marked-passages.ts";
import {
  type ProviderRules,
  Refusal,
  type Standin,
  type StandinCall,
  type StandinOptions,
  type StandinReply,
  startServer,
} from "./server.ts";
import { schemaFault, valueFor } from "./structured.ts";
import { countTokens } from "./words.ts";
import { pieces } from "./writer.ts";

const part = z.strictObject({ type: z.literal("text"), text: z.string() });
const chatBody = z.strictObject({
  model: z.string(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(["system", "developer", "user", "assistant"]),
        content: z.union([z.string(), z.array(part)]),
        name: z.string().optional(),
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]).nullish(),
  user: z.string().optional(),
  response_format: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("text") }),
      z.strictObject({ type: z.literal("json_object") }),
      z.strictObject({
        type: z.literal("json_schema"),
        json_schema: z.strictObject({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          description: z.string().optional(),
          strict: z.boolean().nullish(),
          schema: z.record(z.string(), z.unknown()),
        }),
      }),
    ])
    .optional(),
});
const embedBody = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  dimensions: z.int().min(1).max(3072).optional(),
  encoding_format: z.enum(["float", "base64"]).optional(),
  user: z.string().optional(),
});

const models: Readonly<Record<string, number>> = {
  "text-embedding-3-small": 1536,
  "text-embedding-3-large": 3072,
  "nomic-embed-text": 768,
};
const chatModels = /^(?:gpt-|o\d|llama|qwen|mistral|gemma|phi)/;
const reasoningModels = /^(?:gpt-5|o\d)/;

/** A server that answers as `api.openai.com/v1` and the servers that follow it (Ollama, vLLM, LM Studio) do. */
export async function openaiStandin(options: StandinOptions = {}): Promise<Standin> {
  const key = options.key ?? newKey("sk-proj-", 48);
  const server = await startServer(rules(key), options);
  const base = `${server.url}/v1`;
  return { ...server, name: "openai", key, url: base, environment: { OPENAI_API_KEY: key, OPENAI_BASE_URL: base } };
}

const types: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "invalid_request_error",
  404: "invalid_request_error",
  429: "rate_limit_error",
};

function rules(key: string): ProviderRules {
  let calls = 0;
  const refuse = (status: number, message: string, code: string | null): StandinReply => ({
    status,
    headers: { "x-request-id": `req_${++calls}` },
    json: { error: { message, type: types[status] ?? "server_error", param: null, code } },
  });
  return {
    name: "openai",
    refuse,
    answer(call, fault) {
      if (call.headers["authorization"] !== `Bearer ${key}`)
        throw new Refusal(401, "Incorrect API key provided.", "invalid_api_key");
      if (call.path === "/v1/models" && call.method === "GET") return listModels();
      if (call.path === "/v1/embeddings" && call.method === "POST") return embed(read(embedBody, call));
      if (call.path === "/v1/chat/completions" && call.method === "POST")
        return chat(read(chatBody, call), fault, `chatcmpl-${++calls}`);
      throw new Refusal(404, `Invalid URL (${call.method} ${call.path})`, null);
    },
  };
}

function read<T>(schema: z.ZodType<T>, call: StandinCall): T {
  if (call.body === undefined) throw new Refusal(400, "We could not parse the JSON body of your request.");
  const parsed = schema.safeParse(call.body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys")
    throw new Refusal(400, `Unrecognized request argument supplied: ${issue.keys.join(", ")}`);
  throw new Refusal(400, `Invalid value for '${issue?.path.join(".")}': ${issue?.message}`, "invalid_value");
}

function listModels(): StandinReply {
  const data = ["gpt-5-mini", ...Object.keys(models)].map((id) => ({
    id,
    object: "model",
    created: 1_760_000_000,
    owned_by: "standin",
  }));
  return { status: 200, json: { object: "list", data } };
}

function embed(body: z.infer<typeof embedBody>): StandinReply {
  const native = models[body.model];
  if (native === undefined) throw unknownModel(body.model);
  const texts = typeof body.input === "string" ? [body.input] : body.input;
  if (texts.length === 0 || texts.length > 2048)
    throw new Refusal(400, `'input' must hold 1 to 2048 items, got ${texts.length}.`);
  if (texts.includes("")) throw new Refusal(400, "'$.input' is invalid: an item is empty.");
  const counts = texts.map(countTokens);
  if (counts.some((count) => count > 8192))
    throw new Refusal(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded");
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  if (tokens > 300_000)
    throw new Refusal(400, `Requested ${tokens} tokens, max 300000 tokens per request`, "max_tokens_per_request");
  const data = texts.map((text, index) => {
    const vector = hashedEmbedding(text, body.dimensions ?? native, body.model, null);
    const embedding =
      body.encoding_format === "base64" ? Buffer.from(vector.buffer).toString("base64") : Array.from(vector);
    return { object: "embedding", index, embedding };
  });
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return { status: 200, tokens, model: body.model, json: { object: "list", data, model: body.model, usage } };
}

type ChatBody = z.infer<typeof chatBody>;

function chat(body: ChatBody, fault: Fault | null, id: string): StandinReply {
  if (!chatModels.test(body.model)) throw unknownModel(body.model);
  if (reasoningModels.test(body.model)) checkReasoning(body);
  const { text, reason } = write(body, fault);
  const promptTokens = body.messages.reduce((sum, message) => sum + countTokens(textOf(message)), 0);
  const completionTokens = countTokens(text);
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  };
  const common = {
    status: 200,
    tokens: usage.total_tokens,
    model: body.model,
    headers: { "x-request-id": `req_${id}` },
  };
  const base = { id, created: 1_763_000_000, model: body.model };
  if (body.stream) return { ...common, frames: frames({ base, text, reason, usage, body, fault }) };
  const message =
    reason === "refusal"
      ? { role: "assistant", content: null, refusal: "I cannot help with that." }
      : { role: "assistant", content: text, refusal: null };
  const finish = reason === "refusal" ? "stop" : reason;
  const choices = [{ index: 0, message, finish_reason: finish, logprobs: null }];
  return { ...common, json: { ...base, object: "chat.completion", choices, usage } };
}

function checkReasoning(body: ChatBody): void {
  if (body.max_tokens != null) throw unsupported("max_tokens", "Use 'max_completion_tokens' instead.");
  if (body.temperature != null && body.temperature !== 1)
    throw unsupported("temperature", "Only the default (1) value is supported.");
  if (body.top_p != null && body.top_p !== 1) throw unsupported("top_p", "Only the default (1) value is supported.");
}

const unsupported = (name: string, advice: string): Refusal =>
  new Refusal(
    400,
    `Unsupported parameter: '${name}' is not supported with this model. ${advice}`,
    "unsupported_parameter",
  );

const unknownModel = (model: string): Refusal =>
  new Refusal(404, `The model '${model}' does not exist or you do not have access to it.`, "model_not_found");

const textOf = (message: ChatBody["messages"][number]): string =>
  typeof message.content === "string" ? message.content : message.content.map(({ text }) => text).join("\n");

function write(body: ChatBody, fault: Fault | null): { text: string; reason: "stop" | "length" | "refusal" } {
  if (fault?.kind === "refusal") return { text: "", reason: "refusal" };
  const last = body.messages.findLast(({ role }) => role === "user");
  const prompt = last === undefined ? "" : textOf(last);
  const text =
    structured(body, prompt) ??
    answerMarked(prompt)
      .map((sentence) => sentence.text)
      .join("");
  const limit = body.max_completion_tokens ?? body.max_tokens ?? Infinity;
  return countTokens(text) > limit ? { text: text.slice(0, limit * 3), reason: "length" } : { text, reason: "stop" };
}

function structured(body: ChatBody, prompt: string): string | null {
  if (body.response_format?.type === "json_object") return "{}";
  if (body.response_format?.type !== "json_schema") return null;
  const { schema, strict } = body.response_format.json_schema;
  const fault = strict ? schemaFault(schema) : null;
  if (fault !== null) throw new Refusal(400, `Invalid schema for response_format: ${fault}`, "invalid_schema");
  return JSON.stringify(valueFor(schema, prompt));
}

interface StreamParts {
  readonly base: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly reason: "stop" | "length" | "refusal";
  readonly usage: unknown;
  readonly body: ChatBody;
  readonly fault: Fault | null;
}

function frames({ base, text, reason, usage, body, fault }: StreamParts): string[] {
  const chunk = (delta: unknown, finish: string | null): string =>
    frame({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] });
  const list = [chunk({ role: "assistant", content: "" }, null)];
  if (reason === "refusal") list.push(chunk({ refusal: "I cannot help with that." }, null));
  for (const piece of pieces(text)) list.push(chunk({ content: piece }, null));
  if (fault?.kind === "stream-error")
    return [
      ...list,
      frame({ error: { message: "The server had an error.", type: "server_error", param: null, code: null } }),
    ];
  list.push(chunk({}, reason === "refusal" ? "stop" : reason));
  if (body.stream_options?.include_usage)
    list.push(frame({ ...base, object: "chat.completion.chunk", choices: [], usage }));
  return [...list, "data: [DONE]\n\n"];
}

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
