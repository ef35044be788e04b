import type { Extractor } from "./extractor.ts";

/** Finds nothing, under the same fingerprint, so that documents count as unchanged where they are. */
export const silentExtractor = (extractor: Extractor): Extractor => ({
  ...extractor,
  extract: async (passages) => ({
    passages: passages.map(() => ({ mentions: [], links: [], assertions: [] })),
    failed: 0,
  }),
});
