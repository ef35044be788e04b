import { HybridRAGError, isHybridRAGError } from "../../errors.ts";
import type {
  FinishReason,
  GeneratePart,
  GenerateRequest,
  LanguageModel,
  TokenUsage,
} from "../../ports/language-model.ts";
import type { ProviderFacts } from "../api-key.ts";
import { closedSchema } from "../closed-schema.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { failureOf, unreachable } from "../failure.ts";
import { endingCut, finish } from "../finish.ts";
import { messagesWithSources } from "../marked-sources.ts";
import { objectFrom } from "../object-result.ts";
import { noTokens } from "../../ports/token-usage.ts";

/**
 * The part of the AI SDK's `LanguageModelV3` that is used here, so that any of its providers can be handed over
 * without the SDK being a dependency.
 */
export interface AiSdkModel {
  readonly specificationVersion: "v3";
  readonly provider: string;
  readonly modelId: string;
  doStream(options: AiSdkCall): PromiseLike<{ readonly stream: ReadableStream<AiSdkPart> }>;
  doGenerate(options: AiSdkCall): PromiseLike<{
    readonly content: readonly { readonly type: string }[];
    readonly finishReason: { readonly unified: string };
    readonly usage: AiSdkUsage;
  }>;
}

interface AiSdkCall {
  prompt: AiSdkMessage[];
  maxOutputTokens?: number;
  responseFormat?: { type: "json"; schema?: never; name?: string };
  abortSignal?: AbortSignal;
}

type AiSdkMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: { type: "text"; text: string }[] }
  | { role: "assistant"; content: { type: "text"; text: string }[] };

// oxlint-disable-next-line typescript/consistent-type-definitions -- a union of open records
type AiSdkPart = { readonly type: string };

interface AiSdkUsage {
  readonly inputTokens: {
    readonly total: number | undefined;
    readonly cacheRead: number | undefined;
    readonly cacheWrite: number | undefined;
  };
  readonly outputTokens: { readonly total: number | undefined };
}

/** Any model of the AI SDK (version 6 and 7) as a language model. It cites by markers. */
export function aiSdkModel(
  model: AiSdkModel,
  options: { readonly maxInputTokens?: number; readonly maxOutputTokens?: number } = {},
): LanguageModel {
  const facts: ProviderFacts = {
    name: model.provider,
    keySetting: "the key of the AI SDK provider",
    keyPage: "its own page",
  };
  const translate = (error: unknown, signal: AbortSignal | undefined): unknown => translated(facts, error, signal);

  async function* parts(request: GenerateRequest, state: { usage: TokenUsage }): AsyncGenerator<GeneratePart> {
    try {
      const { stream } = await model.doStream(callOf(request));
      for await (const part of stream) yield* partOf(part, state);
    } catch (error) {
      throw translate(error, request.signal);
    }
  }

  return {
    provider: model.provider.split(".", 1)[0] ?? model.provider,
    model: model.modelId,
    maxInputTokens: options.maxInputTokens ?? 100_000,
    maxOutputTokens: options.maxOutputTokens ?? 8192,
    cites: "markers",
    countTokens: estimateTokens,
    stream(request) {
      const state = { usage: noTokens };
      return endingCut(parts(request, state), { signal: request.signal, usage: () => state.usage });
    },
    async generateObject(request) {
      const format = { type: "json", name: request.name, schema: closedSchema(request.schema) as never } as const;
      try {
        const result = await model.doGenerate({ ...callOf(request), responseFormat: format });
        const text = result.content
          .map((part) => ("text" in part && part.type === "text" ? String(part.text) : ""))
          .join("");
        return {
          value: objectFrom(facts, text, finishReason(result.finishReason.unified)),
          usage: usageOf(result.usage),
        };
      } catch (error) {
        throw translate(error, request.signal);
      }
    },
  };
}

function callOf(request: GenerateRequest): AiSdkCall {
  const messages = messagesWithSources(request).map(({ role, content }): AiSdkMessage => ({
    role,
    content: [{ type: "text", text: content }],
  }));
  return {
    prompt: request.system === "" ? messages : [{ role: "system", content: request.system }, ...messages],
    maxOutputTokens: request.maxOutputTokens,
    abortSignal: request.signal,
  };
}

function* partOf(part: AiSdkPart, state: { usage: TokenUsage }): Generator<GeneratePart> {
  if (part.type === "text-delta" && "delta" in part) yield { type: "text-delta", text: String(part.delta) };
  if (part.type === "error" && "error" in part) throw part.error;
  if (part.type !== "finish" || !("usage" in part) || !("finishReason" in part)) return;
  state.usage = usageOf(part.usage as AiSdkUsage);
  yield finish(finishReason((part.finishReason as { unified: string }).unified), state.usage);
}

function finishReason(reason: string): FinishReason {
  if (reason === "length") return "length";
  if (reason === "content-filter") return "refusal";
  return reason === "error" || reason === "other" ? "cut" : "stop";
}

function usageOf({ inputTokens, outputTokens }: AiSdkUsage): TokenUsage {
  const [cacheReadTokens, cacheWriteTokens] = [inputTokens.cacheRead ?? 0, inputTokens.cacheWrite ?? 0];
  return {
    inputTokens: Math.max(0, (inputTokens.total ?? 0) - cacheReadTokens - cacheWriteTokens),
    outputTokens: outputTokens.total ?? 0,
    cacheReadTokens,
    cacheWriteTokens,
  };
}

/** The SDK's call errors carry a status; everything else is a connection. */
function translated(facts: ProviderFacts, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (isHybridRAGError(error)) return error;
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === "number")
    return failureOf(facts, { status, text: (error as Error).message, code: null, retryAfterMs: null }, error);
  if (error instanceof TypeError) return unreachable(facts, error);
  return new HybridRAGError("provider_failed", `${facts.name} failed.`, {
    cause: error,
    details: { provider: facts.name },
  });
}
