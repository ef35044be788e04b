import type { TokenUsage } from "../ports/language-model.ts";

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  /** Other prices for prompts of more tokens than this. */
  readonly above?: { readonly tokens: number; readonly price: Price };
}

export interface PriceTable {
  /** The day on which the prices were looked up. */
  readonly date: string;
  /** By "provider/model". */
  readonly models: Readonly<Record<string, Price>>;
}

/**
 * List prices (docs.voyageai.com/docs/pricing, platform.claude.com/docs/pricing). Settings override them. What is not
 * listed has no price here rather than a guessed one. A prompt cache that is listed only for Sonnet is taken to cost
 * the same share elsewhere: a tenth to read, five quarters to write.
 */
export const listPrices: PriceTable = {
  date: "2026-11-22",
  models: {
    "voyage/voyage-4-large": { input: 0.12 },
    "voyage/voyage-4": { input: 0.06 },
    "voyage/voyage-4-lite": { input: 0.02 },
    "voyage/rerank-2.5": { input: 0.05 },
    "voyage/rerank-2.5-lite": { input: 0.02 },
    "anthropic/claude-haiku-5-5": {
      input: 0.1,
      output: 0.5,
      cacheRead: 0.01,
      cacheWrite: 0.125,
      above: { tokens: 100_000, price: { input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 } },
    },
    "anthropic/claude-sonnet-5-5": { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
    "anthropic/claude-opus-5-5": { input: 4, output: 20, cacheRead: 0.4, cacheWrite: 5 },
    "anthropic/claude-fable-5-1": { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 },
  },
};

/** Prices with some replaced or added, dated as the table they change. */
export const withPrices = (table: PriceTable, overrides: Readonly<Record<string, Price>>): PriceTable => ({
  date: table.date,
  models: { ...table.models, ...overrides },
});

export const priceOf = (table: PriceTable, provider: string, model: string): Price | null =>
  table.models[`${provider}/${model}`] ?? null;

/** US dollars of one call. `inputTokens` are those that were neither read from nor written to a prompt cache. */
export function costOf(price: Price, usage: TokenUsage): number {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  if (price.above !== undefined && prompt > price.above.tokens) return costOf(price.above.price, usage);
  return (
    (usage.inputTokens * price.input +
      usage.outputTokens * (price.output ?? 0) +
      usage.cacheReadTokens * (price.cacheRead ?? price.input) +
      usage.cacheWriteTokens * (price.cacheWrite ?? price.input)) /
    1_000_000
  );
}
