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
import { valueFor } from "./structured.ts";
import { countTokens } from "./words.ts";
import { pieces } from "./writer.ts";

const content = z.strictObject({
  role: z.enum(["user", "model"]).optional(),
  parts: z.array(z.strictObject({ text: z.string() })).min(1),
});
const generateBody = z.strictObject({
  contents: z.array(content).min(1),
  systemInstruction: content.extend({ role: z.string().optional() }).optional(),
  generationConfig: z
    .strictObject({
      maxOutputTokens: z.int().min(1).optional(),
      temperature: z.number().min(0).max(2).optional(),
      topP: z.number().optional(),
      topK: z.number().optional(),
      candidateCount: z.literal(1).optional(),
      responseMimeType: z.enum(["text/plain", "application/json"]).optional(),
      responseJsonSchema: z.record(z.string(), z.unknown()).optional(),
      thinkingConfig: z
        .strictObject({ thinkingLevel: z.string().optional(), thinkingBudget: z.int().optional() })
        .optional(),
    })
    .optional(),
  safetySettings: z.array(z.unknown()).optional(),
});
const taskType = z.enum([
  "RETRIEVAL_QUERY",
  "RETRIEVAL_DOCUMENT",
  "SEMANTIC_SIMILARITY",
  "CLASSIFICATION",
  "CLUSTERING",
  "QUESTION_ANSWERING",
  "FACT_VERIFICATION",
  "CODE_RETRIEVAL_QUERY",
]);
const embedRequest = z.strictObject({
  model: z.string(),
  content,
  taskType: taskType.optional(),
  title: z.string().optional(),
  outputDimensionality: z.int().min(128).max(3072).optional(),
});
const batchBody = z.strictObject({ requests: z.array(embedRequest).min(1).max(100) });
const countBody = z.looseObject({ contents: z.array(content).min(1) });

const statusNames: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** A server that answers as `generativelanguage.googleapis.com` does. */
export async function geminiStandin(options: StandinOptions = {}): Promise<Standin> {
  const key = options.key ?? newKey("AIza", 35);
  const server = await startServer(rules(key), options);
  return { ...server, name: "gemini", key, environment: { GEMINI_API_KEY: key, GEMINI_BASE_URL: server.url } };
}

function rules(key: string): ProviderRules {
  const refuse = (status: number, message: string): StandinReply => ({
    status,
    json: { error: { code: status, message, status: statusNames[status] ?? "UNKNOWN" } },
  });
  return {
    name: "gemini",
    refuse,
    answer(call, fault) {
      const given = call.headers["x-goog-api-key"] ?? call.query.get("key");
      if (given !== key) throw new Refusal(400, "API key not valid. Please pass a valid API key.");
      const [, model, action] = /^\/v1beta\/models\/([\w.-]+):(\w+)$/.exec(call.path) ?? [];
      if (model === undefined || call.method !== "POST") throw new Refusal(404, "Requested entity was not found.");
      if (!model.startsWith("gemini-"))
        throw new Refusal(404, `models/${model} is not found for API version v1beta, or is not supported.`);
      return act(model, action ?? "", call, fault);
    },
  };
}

function act(model: string, action: string, call: StandinCall, fault: Fault | null): StandinReply {
  switch (action) {
    case "generateContent":
      return generate(model, read(generateBody, call), fault, false);
    case "streamGenerateContent":
      if (call.query.get("alt") !== "sse") throw new Refusal(400, "This stand-in streams with alt=sse only.");
      return generate(model, read(generateBody, call), fault, true);
    case "countTokens": {
      const body = read(countBody, call);
      return {
        status: 200,
        json: { totalTokens: body.contents.reduce((sum, item) => sum + countTokens(textOf(item)), 0) },
      };
    }
    case "batchEmbedContents":
      return embed(model, read(batchBody, call).requests);
    case "embedContent":
      return embed(model, [{ ...read(embedRequest.partial({ model: true }), call), model }]);
    default:
      throw new Refusal(404, `Method ${action} is not found.`);
  }
}

function read<T>(schema: z.ZodType<T>, call: StandinCall): T {
  const parsed = schema.safeParse(call.body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys")
    throw new Refusal(
      400,
      `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at '${issue.path.join(".")}': Cannot find field.`,
    );
  throw new Refusal(400, `Invalid value at '${issue?.path.join(".")}': ${issue?.message}`);
}

const textOf = (item: z.infer<typeof content>): string => item.parts.map(({ text }) => text).join("\n");

function embed(model: string, requests: readonly z.infer<typeof embedRequest>[]): StandinReply {
  const texts = requests.map((request) => textOf(request.content));
  if (texts.some((text) => text.trim() === "")) throw new Refusal(400, "content: must not be empty");
  const embeddings = requests.map((request, i) => ({
    values: Array.from(
      hashedEmbedding(texts[i] ?? "", request.outputDimensionality ?? 3072, model, request.taskType ?? null),
    ),
  }));
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  const json =
    requests.length === 1 && embeddings.length === 1 ? { embeddings, embedding: embeddings[0] } : { embeddings };
  return { status: 200, tokens, model, json };
}

function generate(
  model: string,
  body: z.infer<typeof generateBody>,
  fault: Fault | null,
  streamed: boolean,
): StandinReply {
  const { text, finishReason } = write(body, fault);
  const promptTokenCount = body.contents.reduce((sum, item) => sum + countTokens(textOf(item)), 0);
  const candidatesTokenCount = countTokens(text);
  const usageMetadata = {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount,
  };
  const base = { modelVersion: model, responseId: "standin" };
  const candidate = (piece: string, reason: string | null): unknown => ({
    ...base,
    candidates: [
      {
        ...(piece === "" ? {} : { content: { role: "model", parts: [{ text: piece }] } }),
        ...(reason === null ? {} : { finishReason: reason }),
        index: 0,
      },
    ],
    usageMetadata,
  });
  const common = { status: 200, tokens: usageMetadata.totalTokenCount, model };
  if (!streamed) return { ...common, json: candidate(text, finishReason) };
  const list = pieces(text).map((piece) => frame(candidate(piece, null)));
  const end =
    fault?.kind === "stream-error"
      ? frame({ error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } })
      : frame(candidate("", finishReason));
  return { ...common, frames: [...list, end] };
}

function write(body: z.infer<typeof generateBody>, fault: Fault | null): { text: string; finishReason: string } {
  if (fault?.kind === "refusal") return { text: "", finishReason: "SAFETY" };
  const last = body.contents.findLast(({ role }) => role !== "model");
  const prompt = last === undefined ? "" : textOf(last);
  const { responseJsonSchema: schema, responseMimeType, maxOutputTokens } = body.generationConfig ?? {};
  if (schema && responseMimeType !== "application/json")
    throw new Refusal(400, "response_json_schema needs response_mime_type application/json.");
  const text = schema
    ? JSON.stringify(valueFor(schema, prompt))
    : answerMarked(prompt)
        .map((sentence) => sentence.text)
        .join("");
  const limit = maxOutputTokens ?? Infinity;
  if (countTokens(text) > limit) return { text: text.slice(0, limit * 3), finishReason: "MAX_TOKENS" };
  return { text, finishReason: "STOP" };
}

const frame = (data: unknown): string => `data: ${JSON.stringify(data)}\r\n\r\n`;
