import { z } from "zod";
import type {
  FinishReason,
  GeneratePart,
  GenerateRequest,
  LanguageModel,
  TokenUsage,
} from "../../ports/language-model.ts";
import { closedSchema } from "../closed-schema.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { failureOf, unusable } from "../failure.ts";
import { endingCut, finish } from "../finish.ts";
import { type Endpoint, postJson, postStream } from "../http.ts";
import { messagesWithSources } from "../marked-sources.ts";
import { objectFrom } from "../object-result.ts";
import { openaiEndpoint, openaiFacts } from "./endpoint.ts";
import type { ProviderOptions } from "../provider-options.ts";
import { noTokens } from "../../ports/token-usage.ts";

export interface OpenAIModelOptions extends ProviderOptions {
  readonly model?: string | undefined;
  /** Context of a model of one's own; Ollama cuts silently what passes its `num_ctx`. */
  readonly maxInputTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

const usage = z
  .object({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  })
  .nullish();
const chunk = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage,
});
const completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage,
});
const errorEvent = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) });

/** Chat models of OpenAI and of servers that speak its protocol. They cite by markers. */
export function openaiModel(options: OpenAIModelOptions): LanguageModel {
  const { model = "gpt-5-mini" } = options;
  const endpoint = openaiEndpoint(options);
  return {
    provider: "openai",
    model,
    maxInputTokens: options.maxInputTokens ?? (options.baseUrl === undefined ? 250_000 : 8192),
    maxOutputTokens: options.maxOutputTokens ?? (options.baseUrl === undefined ? 100_000 : 4096),
    cites: "markers",
    countTokens: estimateTokens,
    stream(request) {
      const state = { usage: noTokens };
      return endingCut(partsOf(endpoint, chatBody(model, request), request.signal, state), {
        signal: request.signal,
        usage: () => state.usage,
      });
    },
    async generateObject(request) {
      const format = {
        type: "json_schema",
        json_schema: { name: request.name, strict: true, schema: closedSchema(request.schema) },
      };
      const body = { ...chatBody(model, request), response_format: format };
      const answer = await postJson(endpoint, { path: "/chat/completions", body, signal: request.signal }, completion);
      const { message, finish_reason: reason } = answer.choices[0]!;
      const outcome = message.refusal ? "refusal" : finishReason(reason);
      return { value: objectFrom(openaiFacts, message.content ?? "", outcome), usage: usageOf(answer.usage) };
    },
  };
}

/** Reasoning models refuse `max_tokens`; other servers know nothing else. */
function chatBody(model: string, request: GenerateRequest): Record<string, unknown> {
  const reasons = /^(?:gpt-[5-9]|o\d)/.test(model);
  return {
    model,
    messages: [
      ...(request.system === "" ? [] : [{ role: "system", content: request.system }]),
      ...messagesWithSources(request),
    ],
    ...(reasons
      ? { max_completion_tokens: request.maxOutputTokens, reasoning_effort: request.effort ?? "low" }
      : { max_tokens: request.maxOutputTokens }),
  };
}

async function* partsOf(
  endpoint: Endpoint,
  body: Record<string, unknown>,
  signal: AbortSignal | undefined,
  state: { usage: TokenUsage },
): AsyncGenerator<GeneratePart> {
  const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
  let reason: FinishReason | null = null;
  let refused = false;
  for await (const data of postStream(endpoint, { path: "/chat/completions", body: streamed, signal })) {
    if (data === "[DONE]") break;
    const part = readChunk(data);
    if (part.usage) state.usage = usageOf(part.usage);
    const [choice] = part.choices;
    if (choice === undefined) continue;
    if (choice.delta.refusal) refused = true;
    if (choice.delta.content) yield { type: "text-delta", text: choice.delta.content };
    if (choice.finish_reason) reason = finishReason(choice.finish_reason);
  }
  if (reason !== null) yield finish(refused ? "refusal" : reason, state.usage);
}

function readChunk(data: string): z.infer<typeof chunk> {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw unusable(openaiFacts, "an event that is no JSON", cause);
  }
  const part = chunk.safeParse(value);
  if (part.success) return part.data;
  const error = errorEvent.safeParse(value);
  if (!error.success) throw unusable(openaiFacts, "an event of an unknown form");
  const { message, code } = error.data.error;
  throw failureOf(openaiFacts, { status: 500, text: message, code: code ?? null, retryAfterMs: null });
}

function finishReason(reason: string | null | undefined): FinishReason {
  if (reason === "length") return "length";
  if (reason === "content_filter") return "refusal";
  return reason === null || reason === undefined ? "cut" : "stop";
}

function usageOf(counts: z.infer<typeof usage>): TokenUsage {
  if (!counts) return noTokens;
  const cached = counts.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    inputTokens: counts.prompt_tokens - cached,
    outputTokens: counts.completion_tokens,
    cacheReadTokens: cached,
    cacheWriteTokens: 0,
  };
}
