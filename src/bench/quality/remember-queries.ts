import type { Embedder } from "../../ports/embedder.ts";

/** Embeds each question once, however many modes it is asked in. Times taken through it leave embedding out. */
export function rememberQueries(embedder: Embedder): Embedder {
  const known = new Map<string, Float32Array>();
  return {
    ...embedder,
    embed: async (texts, options) => {
      if (options.kind !== "query") return embedder.embed(texts, options);
      const fresh = [...new Set(texts)].filter((text) => !known.has(text));
      const { vectors, tokens } =
        fresh.length === 0 ? { vectors: [], tokens: 0 } : await embedder.embed(fresh, options);
      fresh.forEach((text, index) => known.set(text, vectors[index]!));
      return { vectors: texts.map((text) => known.get(text)!), tokens };
    },
  };
}
