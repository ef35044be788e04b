import { z } from "zod";
import type {
  FinishReason,
  GeneratePart,
  GenerateRequest,
  LanguageModel,
  TokenUsage,
} from "../../ports/language-model.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { failureOf, unusable } from "../failure.ts";
import { endingCut, finish } from "../finish.ts";
import { type Endpoint, postJson, postStream } from "../http.ts";
import { messagesWithSources } from "../marked-sources.ts";
import { objectFrom } from "../object-result.ts";
import { geminiEndpoint, geminiFacts } from "./endpoint.ts";
import type { ProviderOptions } from "../provider-options.ts";
import { noTokens } from "../../ports/token-usage.ts";

const answer = z.object({
  candidates: z
    .array(
      z.object({
        content: z
          .object({
            parts: z.array(z.object({ text: z.string().optional(), thought: z.boolean().optional() })).optional(),
          })
          .optional(),
        finishReason: z.string().optional(),
      }),
    )
    .optional(),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z
    .object({
      promptTokenCount: z.number().optional(),
      candidatesTokenCount: z.number().optional(),
      thoughtsTokenCount: z.number().optional(),
      cachedContentTokenCount: z.number().optional(),
    })
    .optional(),
});
type Answer = z.infer<typeof answer>;
const errorEvent = z.object({
  error: z.object({ code: z.number(), message: z.string(), status: z.string().nullish() }),
});

/** Google's Gemini models. They cite by markers. */
export function geminiModel(options: ProviderOptions & { readonly model?: string | undefined }): LanguageModel {
  const { model = "gemini-3-flash" } = options;
  const endpoint = geminiEndpoint(options);
  return {
    provider: "gemini",
    model,
    maxInputTokens: 1_000_000,
    maxOutputTokens: 65_536,
    cites: "markers",
    countTokens: estimateTokens,
    stream(request) {
      const state = { usage: noTokens };
      return endingCut(partsOf(endpoint, model, request, state), {
        signal: request.signal,
        usage: () => state.usage,
      });
    },
    async generateObject(request) {
      const body = generateBody(request, {
        responseMimeType: "application/json",
        responseJsonSchema: request.schema,
      });
      const path = `/v1beta/models/${model}:generateContent`;
      const found = await postJson(endpoint, { path, body, signal: request.signal }, answer);
      return { value: objectFrom(geminiFacts, textOf(found), reasonOf(found) ?? "cut"), usage: usageOf(found) };
    },
  };
}

function generateBody(request: GenerateRequest, more: Record<string, unknown>): Record<string, unknown> {
  return {
    ...(request.system === "" ? {} : { systemInstruction: { parts: [{ text: request.system }] } }),
    contents: messagesWithSources(request).map(({ role, content }) => ({
      role: role === "assistant" ? "model" : "user",
      parts: [{ text: content }],
    })),
    generationConfig: { maxOutputTokens: request.maxOutputTokens, ...more },
  };
}

async function* partsOf(
  endpoint: Endpoint,
  model: string,
  request: GenerateRequest,
  state: { usage: TokenUsage },
): AsyncGenerator<GeneratePart> {
  const path = `/v1beta/models/${model}:streamGenerateContent?alt=sse`;
  let reason: FinishReason | null = null;
  for await (const data of postStream(endpoint, { path, body: generateBody(request, {}), signal: request.signal })) {
    const event = readEvent(data);
    if (event.usageMetadata !== undefined) state.usage = usageOf(event);
    const text = textOf(event);
    if (text !== "") yield { type: "text-delta", text };
    reason = reasonOf(event) ?? reason;
  }
  if (reason !== null) yield finish(reason, state.usage);
}

function readEvent(data: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw unusable(geminiFacts, "an event that is no JSON", cause);
  }
  const error = errorEvent.safeParse(value);
  if (error.success) {
    const { code, message, status } = error.data.error;
    throw failureOf(geminiFacts, { status: code, text: message, code: status ?? null, retryAfterMs: null });
  }
  const event = answer.safeParse(value);
  if (!event.success) throw unusable(geminiFacts, "an event of an unknown form");
  return event.data;
}

const textOf = (found: Answer): string =>
  (found.candidates?.[0]?.content?.parts ?? []).map((part) => (part.thought ? "" : (part.text ?? ""))).join("");

function reasonOf(found: Answer): FinishReason | null {
  if (found.promptFeedback?.blockReason !== undefined) return "refusal";
  const reason = found.candidates?.[0]?.finishReason;
  if (reason === undefined) return null;
  if (reason === "STOP") return "stop";
  return reason === "MAX_TOKENS" ? "length" : "refusal";
}

function usageOf({ usageMetadata }: Answer): TokenUsage {
  const cached = usageMetadata?.cachedContentTokenCount ?? 0;
  return {
    inputTokens: (usageMetadata?.promptTokenCount ?? 0) - cached,
    outputTokens: (usageMetadata?.candidatesTokenCount ?? 0) + (usageMetadata?.thoughtsTokenCount ?? 0),
    cacheReadTokens: cached,
    cacheWriteTokens: 0,
  };
}
