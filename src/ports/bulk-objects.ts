import type { HybridRAGError } from "../errors.ts";
import type { JsonSchema, LanguageModel, GenerateRequest, TokenUsage } from "./language-model.ts";

/** Structured output of many requests as one order: at a lower price, within a day. An order lives at the provider. */
export interface ModelBatches {
  readonly provider: string;
  readonly model: string;
  /** Share of the price of single calls. */
  readonly priceShare: number;
  /** @returns the order's id. */
  submit(requests: readonly BatchRequest[], signal?: AbortSignal): Promise<string>;
  progress(batchId: string, signal?: AbortSignal): Promise<BatchProgress>;
  /** Of an order that has ended: a result for each request, in any order. */
  results(batchId: string, signal?: AbortSignal): AsyncIterable<BatchResult>;
  /** Orders that were made since then (epoch milliseconds): how one is found whose id never arrived. */
  since(time: number, signal?: AbortSignal): Promise<readonly { readonly id: string; readonly requests: number }[]>;
}

export interface BatchRequest extends GenerateRequest {
  /** Unique in its batch, 1 to 64 of `[A-Za-z0-9_-]`. */
  readonly id: string;
  readonly schema: JsonSchema;
}

export interface BatchProgress {
  readonly ended: boolean;
  readonly done: number;
  readonly total: number;
}

export type BatchResult =
  | { readonly id: string; readonly value: unknown; readonly usage: TokenUsage }
  | { readonly id: string; readonly error: HybridRAGError };

/** Gets structured results ahead of the calls that will ask for them, which then cost nothing. */
export interface BulkObjects {
  /** Share of the price of single calls. */
  readonly priceShare: number;
  begin(options: BulkOptions): BulkRun;
}

export interface BulkOptions {
  /** With no more requests than this nothing is ordered: single calls are done sooner. */
  readonly above: number;
  readonly signal: AbortSignal;
}

/** One after the other: `earlier`, then everything is asked of `model`, then `finish`. */
export interface BulkRun {
  /** Waits for what runs before this one have ordered. */
  earlier(): AsyncIterable<BulkProgress>;
  /** Answers what is known, and collects what is not; `unknown` for that. */
  readonly model: LanguageModel;
  /** Orders what is left, and waits until all of it is known. */
  finish(): AsyncIterable<BulkProgress>;
}

export interface BulkProgress {
  readonly batches: number;
  /** Requests. */
  readonly done: number;
  readonly total: number;
}
