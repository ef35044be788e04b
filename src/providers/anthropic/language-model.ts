import type Anthropic from "@anthropic-ai/sdk";
import type {
  FinishReason,
  GeneratePart,
  GenerateRequest,
  LanguageModel,
  TokenUsage,
} from "../../ports/language-model.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { timedOut } from "../failure.ts";
import { endingCut, finish } from "../finish.ts";
import { objectFrom } from "../object-result.ts";
import { anthropicClient, anthropicFacts } from "./client.ts";
import { messageBody } from "./request.ts";
import type { ProviderOptions } from "../provider-options.ts";
import { noTokens } from "../../ports/token-usage.ts";

/** Claude over the official SDK: streaming, citations of search results, structured outputs, prompt caching. */
export function anthropicModel(options: ProviderOptions & { readonly model?: string | undefined }): LanguageModel {
  const { model = "claude-sonnet-5-5", timeoutMs = 120_000 } = options;
  const client = anthropicClient(options);

  async function* stream(request: GenerateRequest): AsyncGenerator<GeneratePart> {
    const quit = new AbortController();
    const { signal: outer } = request;
    const signal = outer === undefined ? quit.signal : AbortSignal.any([outer, quit.signal]);
    const state: StreamState = { usage: noTokens, sources: request.sources ?? [] };
    try {
      const events = await client.run(outer, (sdk) =>
        sdk.messages.create({ ...messageBody(model, request, null), stream: true }, { signal }),
      );
      const watched = withIdleLimit(events, timeoutMs, () => quit.abort());
      yield* endingCut(partsOf(watched, state), { signal: outer, usage: () => state.usage });
    } catch (error) {
      throw client.translate(error, outer);
    } finally {
      quit.abort();
    }
  }

  return {
    provider: "anthropic",
    model,
    maxInputTokens: /^claude-(?:opus|sonnet|haiku)-4-/.test(model) ? 200_000 : 1_000_000,
    maxOutputTokens: /^claude-(?:opus|sonnet|haiku)-4-/.test(model) ? 64_000 : 128_000,
    cites: "quotes",
    // The tokenizer of the fifth series makes about a third more tokens of a text.
    countTokens: (text) => Math.ceil(1.3 * estimateTokens(text)),
    stream,
    async generateObject(request) {
      const body = messageBody(model, request, request.schema);
      const message = await client.run(request.signal, (sdk) => sdk.messages.create(body, { signal: request.signal }));
      const text = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
      return {
        value: objectFrom(anthropicFacts, text, finishReason(message.stop_reason)),
        usage: usageOf(message.usage, noTokens),
      };
    },
  };
}

/** The SDK waits for ever between two events; this does not. */
async function* withIdleLimit(
  events: Events,
  limitMs: number,
  stop: () => void,
): AsyncGenerator<Anthropic.RawMessageStreamEvent> {
  let idle = false;
  const expire = (): void => {
    idle = true;
    stop();
  };
  let timer = setTimeout(expire, limitMs);
  try {
    for await (const event of events) {
      clearTimeout(timer);
      yield event;
      timer = setTimeout(expire, limitMs);
    }
    // An aborted stream of the SDK ends as if it were complete.
    if (idle) throw timedOut(anthropicFacts, limitMs);
  } catch (error) {
    throw idle ? timedOut(anthropicFacts, limitMs) : error;
  } finally {
    clearTimeout(timer);
  }
}

interface StreamState {
  usage: TokenUsage;
  readonly sources: NonNullable<GenerateRequest["sources"]>;
}

type Events = AsyncIterable<Anthropic.RawMessageStreamEvent>;

/** Citations of a block come before or after its text; they are given out when the block ends. */
async function* partsOf(events: Events, state: StreamState): AsyncGenerator<GeneratePart> {
  let citations: GeneratePart[] = [];
  let reason: FinishReason | null = null;
  for await (const event of events) {
    if (event.type === "message_start") state.usage = usageOf(event.message.usage, noTokens);
    if (event.type === "content_block_delta" && event.delta.type === "text_delta")
      yield { type: "text-delta", text: event.delta.text };
    if (event.type === "content_block_delta" && event.delta.type === "citations_delta")
      citations.push(...citationOf(event.delta.citation, state));
    if (event.type === "content_block_stop") {
      yield* citations;
      citations = [];
    }
    if (event.type === "message_delta") {
      state.usage = usageOf(event.usage, state.usage);
      if (event.delta.stop_reason !== null) reason = finishReason(event.delta.stop_reason);
    }
  }
  if (reason !== null) yield finish(reason, state.usage);
}

function citationOf(citation: Anthropic.CitationsDelta["citation"], state: StreamState): GeneratePart[] {
  if (citation.type !== "search_result_location") return [];
  // `source` is our id; the index is the second witness, should a provider shorten it.
  const known = state.sources.find(({ id }) => id === citation.source) ?? state.sources[citation.search_result_index];
  if (known === undefined) return [];
  return [{ type: "citation", source_id: known.id, quote: citation.cited_text.trim() }];
}

export function finishReason(reason: Anthropic.StopReason | null): FinishReason {
  switch (reason) {
    case "max_tokens":
      return "length";
    case "refusal":
      return "refusal";
    case "model_context_window_exceeded":
      return "context-full";
    case null:
      return "cut";
    default:
      return "stop";
  }
}

/** A delta holds what has changed; what it leaves out stands as before. */
export function usageOf(usage: Partial<Anthropic.Usage> | Anthropic.MessageDeltaUsage, before: TokenUsage): TokenUsage {
  return {
    inputTokens: usage.input_tokens ?? before.inputTokens,
    outputTokens: usage.output_tokens ?? before.outputTokens,
    cacheReadTokens: usage.cache_read_input_tokens ?? before.cacheReadTokens,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? before.cacheWriteTokens,
  };
}
