import { HybridRAGError } from "../errors.ts";
import type { Embedder, EmbedRequest, EmbedResult } from "../ports/embedder.ts";

export interface FakeEmbedder extends Embedder {
  readonly calls: { readonly texts: readonly string[]; readonly request: EmbedRequest }[];
}

/** One token a letter; a vector says which text it is of. Refuses what passes `limits`. */
export function fakeEmbedder(
  options: {
    readonly items?: number;
    readonly tokens?: number;
    readonly parallel?: number;
    /** Charged for each estimated token. */
    readonly ratio?: number;
    readonly before?: (texts: readonly string[], request: EmbedRequest) => Promise<void>;
  } = {},
): FakeEmbedder {
  const { items = 1000, tokens = 1000, parallel = 1, ratio = 1 } = options;
  const calls: FakeEmbedder["calls"] = [];
  async function embed(texts: readonly string[], request: EmbedRequest): Promise<EmbedResult> {
    calls.push({ texts, request });
    await options.before?.(texts, request);
    const charged = ratio * texts.reduce((sum, text) => sum + text.length, 0);
    if (texts.length > items || charged > tokens) throw new HybridRAGError("too_large", "too many tokens");
    return { vectors: texts.map((text) => vectorOf(text)), tokens: charged };
  }
  return {
    calls,
    fingerprint: "fake/one@2",
    model: "one",
    dimensions: 2,
    maxTokens: 500,
    languages: "multi",
    limits: { items, tokens, parallel },
    countTokens: (text) => text.length,
    embed,
    close: async () => {},
  };
}

export function vectorOf(text: string): Float32Array {
  const angle = [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 6283, 7) / 1000;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
}
