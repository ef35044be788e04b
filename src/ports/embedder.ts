/**
 * Text to vectors. An adapter declares its limits and embeds one batch within them; packing, retries, caches and
 * budgets are added around it.
 */
export interface Embedder {
  /** Provider, model, weights, dimensions, dtype, pooling and prefixes: equal fingerprint, comparable vectors. */
  readonly fingerprint: string;
  readonly model: string;
  readonly dimensions: number;
  /** Tokens of one text that count; what lies behind is not embedded. */
  readonly maxTokens: number;
  readonly languages: "en" | "multi";
  readonly limits: BatchLimits;
  /** Its vector of a passage knows the passages around it, where the request says that there are any. */
  readonly readsTogether?: boolean;
  /** Exact for local models, an estimate for remote ones. */
  countTokens(text: string): number;
  /**
   * One unit-length vector per text, in order. Texts must not be blank.
   * @throws HybridRAGError `provider_failed`, `rate_limited`, `invalid_config` (key or model), `too_large`, `invalid_input`.
   */
  embed(texts: readonly string[], request: EmbedRequest): Promise<EmbedResult>;
  close(): Promise<void>;
}

export interface BatchLimits {
  /** Texts in one call. */
  readonly items: number;
  /** Sum of tokens in one call. */
  readonly tokens: number;
  /** Calls that help when they run at once. */
  readonly parallel: number;
  /** A call costs by itself, not only by its texts: fuller ones are better than sooner ones. */
  readonly prefersFull?: boolean;
}

export interface EmbedRequest {
  /** Providers treat questions and passages differently. */
  readonly kind: "query" | "document";
  /** The texts are passages of one document, in order; only an embedder that reads them together makes a difference. */
  readonly together?: boolean;
  readonly signal?: AbortSignal;
}

export interface EmbedResult {
  readonly vectors: readonly Float32Array[];
  /** Tokens that were charged; 0 for a local model. */
  readonly tokens: number;
}
