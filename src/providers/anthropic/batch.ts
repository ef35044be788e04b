import type Anthropic from "@anthropic-ai/sdk";
import { HybridRAGError } from "../../errors.ts";
import type { GenerateRequest, JsonSchema, TokenUsage } from "../../ports/language-model.ts";
import { noUsage } from "../finish.ts";
import { objectFrom } from "../object-result.ts";
import { anthropicClient, anthropicFacts, type AnthropicOptions } from "./client.ts";
import { messageBody } from "./request.ts";

export interface BatchRequest extends GenerateRequest {
  /** Unique in its batch, 1 to 64 of `[A-Za-z0-9_-]`. */
  readonly id: string;
  readonly schema: JsonSchema;
}

export type BatchResult =
  | { readonly id: string; readonly value: unknown; readonly usage: TokenUsage }
  | { readonly id: string; readonly error: HybridRAGError };

/** Bulk structured output at half the price, within a day. A batch lives at Anthropic: keep its id and ask later. */
export interface AnthropicBatches {
  /** @returns the batch's id. */
  submit(requests: readonly BatchRequest[], signal?: AbortSignal): Promise<string>;
  /** Null while it is in work; afterwards a result for each request, in any order. */
  results(batchId: string, signal?: AbortSignal): Promise<readonly BatchResult[] | null>;
}

export function anthropicBatches(
  options: AnthropicOptions & { readonly model?: string | undefined },
): AnthropicBatches {
  const { model = "claude-haiku-5-5" } = options;
  const client = anthropicClient(options);
  return {
    async submit(requests, signal) {
      const body = requests.map(({ id, schema, ...request }) => ({
        custom_id: id,
        params: messageBody(model, request, schema),
      }));
      const batch = await client.run(signal, (sdk) => sdk.messages.batches.create({ requests: body }, { signal }));
      return batch.id;
    },
    results: (batchId, signal) =>
      client.run(signal, async (sdk) => {
        const batch = await sdk.messages.batches.retrieve(batchId, {}, { signal });
        if (batch.processing_status !== "ended") return null;
        const found: BatchResult[] = [];
        for await (const line of await sdk.messages.batches.results(batchId, {}, { signal }))
          found.push(resultOf(line));
        return found;
      }),
  };
}

function resultOf({ custom_id: id, result }: Anthropic.Messages.MessageBatchIndividualResponse): BatchResult {
  if (result.type !== "succeeded") return { id, error: failed(result.type) };
  const { message } = result;
  const text = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
  const reason = message.stop_reason === "end_turn" ? "stop" : message.stop_reason === "refusal" ? "refusal" : "length";
  try {
    const value = objectFrom(anthropicFacts, text, reason);
    const { input_tokens: inputTokens, output_tokens: outputTokens } = message.usage;
    return { id, value, usage: { ...noUsage, inputTokens, outputTokens } };
  } catch (error) {
    if (error instanceof HybridRAGError) return { id, error };
    throw error;
  }
}

const failed = (outcome: string): HybridRAGError =>
  new HybridRAGError("provider_failed", `Anthropic ended a request of a batch as ${outcome}.`, {
    details: { provider: "Anthropic", outcome },
    retryable: outcome === "expired",
  });
