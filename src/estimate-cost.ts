import type { IngestWork } from "./ingest/estimate-ingest.ts";
import type { BulkObjects } from "./ports/bulk-objects.ts";
import type { Embedder } from "./ports/embedder.ts";
import type { Extractor } from "./ports/extractor.ts";
import type { LanguageModel } from "./ports/language-model.ts";
import { costOf, priceOf, type PriceTable } from "./wrap/prices.ts";

/** A language model that reads documents for the graph. */
export interface Reading {
  readonly model: LanguageModel;
  /** The extractor of an ingest, with another model to ask and nothing else to do. */
  readonly asking: (model: LanguageModel) => Extractor;
  /** A model that says what a call would send and may bring back instead of making it; what is known is not told. */
  readonly forecast: (onCall: (inputTokens: number, maxOutputTokens: number) => void) => LanguageModel;
  /** Null where its provider takes no batches. */
  readonly bulk: BulkObjects | null;
  /** With no more calls than this, single ones are made. */
  readonly above: number;
}

export interface IngestEstimate extends IngestWork {
  /** US dollars at most, for all that is paid; null when a price is not known. */
  readonly cost_usd: number | null;
  /** What a language model would read; null where rules read. */
  readonly extraction: ExtractionEstimate | null;
  /** Models, as "provider/model", that have no price: set one in HYBRIDRAG_PRICES. */
  readonly unpriced: readonly string[];
  /** The day of the price list. */
  readonly prices_of: string;
}

export interface ExtractionEstimate {
  readonly calls: number;
  /** Sent; by an estimate. */
  readonly tokens: number;
  /** Whether the calls would be ordered as batches, at the batches' price. */
  readonly in_batches: boolean;
  /** US dollars at most, if every answer were as long as it may be; null when the price is not known. */
  readonly cost_usd: number | null;
}

/** What an ingest would cost, by the list of prices. @param estimate counts the work, asking the reader given. */
export async function estimateCost(
  { prices, embedder, reading }: { prices: PriceTable; embedder: Embedder | null; reading: Reading | undefined },
  estimate: (reader: Extractor | null) => Promise<IngestWork>,
): Promise<IngestEstimate> {
  const calls: { readonly inputTokens: number; readonly outputTokens: number }[] = [];
  const forecast = reading?.forecast((inputTokens, outputTokens) => void calls.push({ inputTokens, outputTokens }));
  const work = await estimate(reading && forecast ? reading.asking(forecast) : null);
  const provider = embedder?.fingerprint.split("/", 1)[0] ?? "none";
  const isFree = embedder === null || provider.startsWith("local");
  const bill = bills(prices);
  const embedding = isFree || work.texts === 0 ? 0 : bill.cost(provider, embedder.model, [usage(work.tokens, 0)]);
  const extraction = reading ? extractionOf(reading, calls, bill) : null;
  const costs = [embedding, extraction?.cost_usd ?? (extraction === null ? 0 : null)];
  const cost = costs.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
  return { ...work, cost_usd: cost, extraction, unpriced: bill.unpriced, prices_of: prices.date };
}

type Bills = ReturnType<typeof bills>;

function bills(prices: PriceTable) {
  const unpriced: string[] = [];
  return {
    unpriced,
    /** Null, and noted, when there is no price. */
    cost(provider: string, model: string, calls: readonly ReturnType<typeof usage>[]): number | null {
      const price = priceOf(prices, provider, model);
      if (price !== null) return calls.reduce((sum, call) => sum + costOf(price, call), 0);
      unpriced.push(`${provider}/${model}`);
      return null;
    },
  };
}

function extractionOf(
  { model, bulk, above }: Reading,
  calls: readonly { readonly inputTokens: number; readonly outputTokens: number }[],
  bill: Bills,
): ExtractionEstimate {
  const inBatches = bulk !== null && calls.length > above;
  const usages = calls.map(({ inputTokens, outputTokens }) => usage(inputTokens, outputTokens));
  const whole = calls.length === 0 ? 0 : bill.cost(model.provider, model.model, usages);
  return {
    calls: calls.length,
    tokens: calls.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    in_batches: inBatches,
    cost_usd: whole === null ? null : whole * (inBatches ? bulk.priceShare : 1),
  };
}

const usage = (inputTokens: number, outputTokens: number) => ({
  inputTokens,
  outputTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
});
