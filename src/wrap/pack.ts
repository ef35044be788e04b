import { isHybridRAGError } from "../errors.ts";
import type { Embedder, EmbedRequest, EmbedResult } from "../ports/embedder.ts";

/**
 * Takes any number of texts and makes calls within the embedder's limits: as many texts as fit by count and tokens,
 * several calls at once, vectors in the order of the texts. The estimate of tokens learns from what was charged; a
 * call that the provider finds too large is halved. The first failure cancels the rest.
 */
export function pack(embedder: Embedder): Embedder {
  // The largest of the recent ratios of charged to estimated tokens: packing too full costs a refused call.
  let ratio = 1;

  async function embedBatch(texts: readonly string[], request: EmbedRequest): Promise<EmbedResult> {
    try {
      const result = await embedder.embed(texts, request);
      const estimated = texts.reduce((sum, text) => sum + tokensOf(embedder, text), 0);
      if (result.tokens > 0 && estimated > 200) ratio = Math.min(3, Math.max(result.tokens / estimated, 0.98 * ratio));
      return result;
    } catch (error) {
      if (texts.length < 2 || !isHybridRAGError(error) || error.code !== "too_large") throw error;
      const middle = texts.length >> 1;
      const first = await embedBatch(texts.slice(0, middle), request);
      const second = await embedBatch(texts.slice(middle), request);
      return { vectors: [...first.vectors, ...second.vectors], tokens: first.tokens + second.tokens };
    }
  }

  async function embed(texts: readonly string[], request: EmbedRequest): Promise<EmbedResult> {
    const results: EmbedResult[] = [];
    const together = request.together === true && embedder.readsTogether === true;
    const stop = new AbortController();
    const signal = request.signal === undefined ? stop.signal : AbortSignal.any([request.signal, stop.signal]);
    let next = 0;
    let at = 0;
    const worker = async (): Promise<void> => {
      while (at < texts.length && !signal.aborted) {
        const batch = texts.slice(at, at + (together ? fittingTogether : fitting)(embedder, texts, at, ratio));
        at += batch.length;
        const place = next++;
        results[place] = await embedBatch(batch, { ...request, signal });
      }
    };
    const workers = Array.from({ length: Math.max(1, embedder.limits.parallel) }, worker);
    try {
      await Promise.all(workers);
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(workers);
      throw error;
    }
    request.signal?.throwIfAborted();
    return {
      vectors: results.flatMap(({ vectors }) => vectors),
      tokens: results.reduce((sum, { tokens }) => sum + tokens, 0),
    };
  }

  // The limits stay those of one call, so that whoever fills calls of its own fills one and not one and a bit.
  const limits = { ...embedder.limits, tokens: Math.floor(share * embedder.limits.tokens) };
  return { ...embedder, limits, embed };
}

/** Of a call's tokens; the rest is for the error of the estimate. */
const share = 0.9;

const tokensOf = (embedder: Embedder, text: string): number => Math.min(embedder.maxTokens, embedder.countTokens(text));

/**
 * As `fitting`, for texts that are read together, which is at most what the model reads of one. It learns nothing, so that
 * a document falls into the same parts again, whose vectors are known.
 */
const fittingTogether = (embedder: Embedder, texts: readonly string[], at: number): number =>
  fitting(embedder, texts, at, 1.5, Math.min(embedder.maxTokens, embedder.limits.tokens));

/** How many texts from `at` one call takes; at least one. */
function fitting(
  embedder: Embedder,
  texts: readonly string[],
  at: number,
  ratio: number,
  limit = embedder.limits.tokens,
): number {
  const budget = share * limit;
  let sum = 0;
  let count = 0;
  while (at + count < texts.length && count < embedder.limits.items) {
    sum += ratio * tokensOf(embedder, texts[at + count] ?? "");
    if (sum > budget && count > 0) break;
    count++;
  }
  return count;
}
