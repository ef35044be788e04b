import type { Embedder } from "../ports/embedder.ts";
import { costOf, priceOf, type PriceTable } from "./prices.ts";

/** What work would take, before any of it is done. */
export interface Estimate {
  readonly texts: number;
  readonly tokens: number;
  readonly calls: number;
  /** Null when no price of the model is known; 0 for a local model. */
  readonly cost_usd: number | null;
  /** The day of the price list. */
  readonly prices_of: string;
}

export function estimateEmbedding(
  embedder: Embedder,
  provider: string,
  texts: Iterable<string>,
  prices: PriceTable,
): Estimate {
  let [count, tokens] = [0, 0];
  for (const text of texts) {
    count++;
    tokens += Math.min(embedder.maxTokens, embedder.countTokens(text));
  }
  const price = provider === "local" ? { input: 0 } : priceOf(prices, provider, embedder.model);
  const usage = { inputTokens: tokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  return {
    texts: count,
    tokens,
    calls: Math.max(Math.ceil(count / embedder.limits.items), Math.ceil(tokens / (0.9 * embedder.limits.tokens))),
    cost_usd: price === null ? null : costOf(price, usage),
    prices_of: prices.date,
  };
}
