import { createHash } from "node:crypto";
import { HybridRAGError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { GeneratePart, GenerateRequest, LanguageModel } from "../ports/language-model.ts";
import type { Reranker } from "../ports/reranker.ts";
import { englishAnalyzer } from "../text/analyze.ts";

/**
 * Models small enough to foresee: no weights, no network, the same answer every time. Texts are alike as far as they
 * share words; the language model repeats the sentence of its sources that shares most words with the question.
 */

const analyzer = englishAnalyzer();
const wordsOf = (text: string): readonly string[] => analyzer.analyze(text);
const countTokens = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

function refuseBlank(text: string): void {
  if (text.trim() === "") throw new HybridRAGError("invalid_input", "A blank text has no meaning; leave it out.");
}

/** A word's direction is fixed by its hash; a text's vector is the sum of its words' directions, at unit length. */
export function wordEmbedder({ dimensions = 64, maxTokens = 256 } = {}): Embedder {
  return {
    fingerprint: `words@${dimensions}`,
    model: "words",
    dimensions,
    maxTokens,
    languages: "multi",
    limits: { items: 64, tokens: 64 * maxTokens, parallel: 4 },
    countTokens,
    async embed(texts, { signal }) {
      signal?.throwIfAborted();
      texts.forEach(refuseBlank);
      const cut = texts.map((text) => text.split(/\s+/).slice(0, maxTokens).join(" "));
      return { vectors: cut.map((text) => directionOf(text, dimensions)), tokens: 0 };
    },
    async close() {},
  };
}

function directionOf(text: string, dimensions: number): Float32Array {
  const sums = Array.from({ length: dimensions }, () => 1e-3);
  for (const word of wordsOf(text)) {
    const hash = createHash("shake256", { outputLength: dimensions }).update(word).digest();
    hash.forEach((byte, index) => {
      sums[index]! += byte - 127.5;
    });
  }
  const length = Math.hypot(...sums);
  return Float32Array.from(sums, (x) => x / length);
}

/** The share of the words that the other text has. */
const overlap = (words: readonly string[], text: string): number => {
  const others = new Set(wordsOf(text));
  return words.filter((word) => others.has(word)).length / Math.max(1, words.length);
};

/** Ranks by the share of the question's words that a text has. */
export function overlapReranker(): Reranker {
  return {
    model: "overlap",
    maxCandidates: 1000,
    async rerank(query, texts, { limit, signal }) {
      signal?.throwIfAborted();
      refuseBlank(query);
      const words = wordsOf(query);
      const ranking = texts
        .map((text, index) => ({ index, score: overlap(words, text) }))
        .toSorted((a, b) => b.score - a.score || a.index - b.index)
        .slice(0, limit);
      return { ranking, tokens: 0 };
    },
  };
}

/** Repeats the best sentence of its sources and cites it; without sources it repeats the question. */
export function quotingModel(): LanguageModel {
  const answer = ({ messages, sources = [] }: GenerateRequest) => {
    const question = messages.at(-1)?.content ?? "";
    const words = wordsOf(question);
    const sentences = sources.flatMap(({ id, text }) =>
      text.split(/(?<=[.!?])\s+/).map((quote) => ({ id, quote, score: overlap(words, quote) })),
    );
    const best = sentences.toSorted((a, b) => b.score - a.score)[0];
    const text = best?.quote ?? question;
    const usage = { outputTokens: countTokens(text), cacheReadTokens: 0, cacheWriteTokens: 0 };
    return { best, text, usage: { inputTokens: countTokens(question), ...usage } };
  };
  return {
    provider: "fake",
    model: "quoting",
    maxInputTokens: 100_000,
    maxOutputTokens: 1000,
    cites: "quotes",
    countTokens,
    async *stream(request): AsyncIterable<GeneratePart> {
      const { best, text, usage } = answer(request);
      for (const piece of text.split(/(?<=\s)/)) {
        request.signal?.throwIfAborted();
        yield { type: "text-delta", text: piece };
      }
      if (best) yield { type: "citation", source_id: best.id, quote: best.quote };
      yield { type: "finish", reason: "stop", usage };
    },
    async generateObject(request) {
      request.signal?.throwIfAborted();
      const { text, usage } = answer(request);
      const properties = Object.keys((request.schema["properties"] ?? {}) as object);
      return { value: Object.fromEntries(properties.map((name) => [name, text])), usage };
    },
  };
}
