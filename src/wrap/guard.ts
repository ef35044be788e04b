import type { Embedder } from "../ports/embedder.ts";
import type { GeneratePart, GenerateRequest, LanguageModel, TokenUsage } from "../ports/language-model.ts";
import type { Reranker } from "../ports/reranker.ts";

/** One call of a provider, as retries, limits and budgets see it: what it asks for, never what it says. */
export interface ProviderCall {
  /** "voyage", "anthropic" … */
  readonly provider: string;
  readonly model: string;
  readonly operation: "embed" | "rerank" | "generate";
  /** Estimated tokens that are sent. */
  readonly inputTokens: number;
  /** The most that may come back and is charged. */
  readonly maxOutputTokens: number;
  /** Of an order of many requests: how many. Tokens are then the sum over all; 1 where it is absent. */
  readonly requests?: number;
  /** What it costs of the listed price; 1 where it is absent. */
  readonly priceShare?: number;
  /** Somebody waits for it: it goes before bulk work. */
  readonly urgent: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Metered<T> {
  readonly value: T;
  readonly usage: TokenUsage;
}

type Signal = AbortSignal | undefined;

/**
 * One concern around calls of a provider, written once for all ports. A guard calls `run` or `open` with the call's
 * signal or a narrower one, as often as its concern needs, and lets errors through.
 */
export interface Guard {
  call<T>(call: ProviderCall, run: (signal: Signal) => Promise<Metered<T>>): Promise<Metered<T>>;
  stream(call: ProviderCall, open: (signal: Signal) => AsyncIterable<GeneratePart>): AsyncIterable<GeneratePart>;
}

/** The first guard is the outermost. */
export function guards(...list: readonly Guard[]): Guard {
  return list.reduceRight<Guard>(
    (inner, outer) => ({
      call: (call, run) => outer.call(call, (signal) => inner.call({ ...call, signal }, run)),
      stream: (call, open) => outer.stream(call, (signal) => inner.stream({ ...call, signal }, open)),
    }),
    passThrough,
  );
}

const passThrough: Guard = {
  call: (call, run) => run(call.signal),
  stream: (call, open) => open(call.signal),
};

const inputOnly = (tokens: number): TokenUsage => ({
  inputTokens: tokens,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
});

const sum = (texts: readonly string[], count: (text: string) => number): number =>
  texts.reduce((total, text) => total + count(text), 0);

export function guardEmbedder(embedder: Embedder, provider: string, guard: Guard): Embedder {
  return {
    ...embedder,
    async embed(texts, request) {
      const call: ProviderCall = {
        provider,
        model: embedder.model,
        operation: "embed",
        inputTokens: sum(texts, (text) => Math.min(embedder.maxTokens, embedder.countTokens(text))),
        maxOutputTokens: 0,
        urgent: request.kind === "query",
        signal: request.signal,
      };
      const { value } = await guard.call(call, async (signal) => {
        const result = await embedder.embed(texts, { ...request, signal });
        return { value: result, usage: inputOnly(result.tokens) };
      });
      return value;
    },
  };
}

export function guardReranker(
  reranker: Reranker,
  provider: string,
  countTokens: (text: string) => number,
  guard: Guard,
): Reranker {
  return {
    ...reranker,
    async rerank(query, texts, request) {
      const call: ProviderCall = {
        provider,
        model: reranker.model,
        operation: "rerank",
        inputTokens: sum(texts, countTokens) + texts.length * countTokens(query),
        maxOutputTokens: 0,
        urgent: true,
        signal: request.signal,
      };
      const { value } = await guard.call(call, async (signal) => {
        const result = await reranker.rerank(query, texts, { ...request, signal });
        return { value: result, usage: inputOnly(result.tokens) };
      });
      return value;
    },
  };
}

export function guardModel(model: LanguageModel, guard: Guard): LanguageModel {
  const callOf = (request: GenerateRequest, urgent: boolean): ProviderCall => ({
    provider: model.provider,
    model: model.model,
    operation: "generate",
    inputTokens: promptTokens(model, request),
    maxOutputTokens: request.maxOutputTokens,
    urgent,
    signal: request.signal,
  });
  return {
    ...model,
    stream: (request) => guard.stream(callOf(request, true), (signal) => model.stream({ ...request, signal })),
    async generateObject(request) {
      const result = await guard.call(callOf(request, false), async (signal) =>
        model.generateObject({ ...request, signal }),
      );
      return result;
    },
  };
}

/** System text, messages and sources, by the model's own count. */
export const promptTokens = (model: Pick<LanguageModel, "countTokens">, request: GenerateRequest): number =>
  model.countTokens(request.system) +
  sum(
    request.messages.map(({ content }) => content),
    model.countTokens,
  ) +
  sum(
    (request.sources ?? []).map(({ title, text }) => `${title}\n${text}`),
    model.countTokens,
  );
