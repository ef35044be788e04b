export { localEmbedder } from "./embedder.ts";
export { compareFingerprints } from "./fingerprint.ts";
export { localExtractor } from "./extractor.ts";
