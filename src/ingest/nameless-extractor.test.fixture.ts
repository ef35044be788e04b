import type { Extractor } from "../ports/extractor.ts";

/** Finds no names, links or statements. */
export const namelessExtractor = (fingerprint: string): Extractor => ({
  fingerprint,
  extract: async (passages) => ({
    passages: passages.map(() => ({ mentions: [], links: [], assertions: [] })),
    failed: 0,
  }),
  close: async () => {},
});
