/** Orders passages by how well they answer a question. */
export interface Reranker {
  readonly model: string;
  readonly maxCandidates: number;
  /**
   * @returns index into `texts` and relevance, best first, at most `limit`.
   * @throws HybridRAGError `provider_failed`, `rate_limited`, `invalid_config` (key or model), `too_large`, `invalid_input`.
   */
  rerank(query: string, texts: readonly string[], request: RerankRequest): Promise<RerankResult>;
}

export interface RerankRequest {
  readonly limit: number;
  /** Given to models that follow instructions, ignored by others. */
  readonly instruction?: string;
  readonly signal?: AbortSignal;
}

export interface RerankResult {
  readonly ranking: readonly { readonly index: number; readonly score: number }[];
  readonly tokens: number;
}
