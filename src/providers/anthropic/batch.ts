import type Anthropic from "@anthropic-ai/sdk";
import { HybridRAGError } from "../../errors.ts";
import type { BatchResult, ModelBatches } from "../../ports/bulk-objects.ts";
import { objectFrom } from "../object-result.ts";
import { anthropicClient, anthropicFacts } from "./client.ts";
import { finishReason, usageOf } from "./language-model.ts";
import { messageBody } from "./request.ts";
import type { ProviderOptions } from "../provider-options.ts";
import { noTokens } from "../../ports/token-usage.ts";

/** Bulk structured output at half the price, within a day (platform.claude.com/docs/build-with-claude/batch-processing). */
export function anthropicBatches(options: ProviderOptions & { readonly model?: string | undefined }): ModelBatches {
  const { model = "claude-haiku-5-5" } = options;
  const client = anthropicClient(options);
  return {
    provider: "anthropic",
    model,
    priceShare: 0.5,
    async submit(requests, signal) {
      const body = requests.map(({ id, schema, ...request }) => ({
        custom_id: id,
        params: messageBody(model, request, schema),
      }));
      const batch = await client.run(signal, (sdk) => sdk.messages.batches.create({ requests: body }, { signal }));
      return batch.id;
    },
    async progress(batchId, signal) {
      const batch = await client.run(signal, (sdk) => sdk.messages.batches.retrieve(batchId, {}, { signal }));
      const { processing } = batch.request_counts;
      const total = totalOf(batch);
      return { ended: batch.processing_status === "ended", done: total - processing, total };
    },
    async *results(batchId, signal) {
      try {
        const lines = await client.run(signal, (sdk) => sdk.messages.batches.results(batchId, {}, { signal }));
        for await (const line of lines) yield resultOf(line);
      } catch (error) {
        throw client.translate(error, signal);
      }
    },
    since: (time, signal) =>
      client.run(signal, async (sdk) => {
        const found: { readonly id: string; readonly requests: number }[] = [];
        // Newest first.
        for await (const batch of sdk.messages.batches.list({ limit: 100 }, { signal })) {
          if (Date.parse(batch.created_at) < time) break;
          found.push({ id: batch.id, requests: totalOf(batch) });
        }
        return found;
      }),
  };
}

const totalOf = ({ request_counts: counts }: Anthropic.Messages.MessageBatch): number =>
  Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);

function resultOf({ custom_id: id, result }: Anthropic.Messages.MessageBatchIndividualResponse): BatchResult {
  if (result.type !== "succeeded") return { id, error: failed(result.type) };
  const { message } = result;
  const text = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
  try {
    const value = objectFrom(anthropicFacts, text, finishReason(message.stop_reason));
    return { id, value, usage: usageOf(message.usage, noTokens) };
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
