export { localEmbedder, type LocalEmbedder, type LocalEmbedderOptions } from "./embedder.ts";
export { compareFingerprints } from "./fingerprint.ts";
export { localExtractor } from "./extractor.ts";
