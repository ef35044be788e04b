export { type ContextualEmbedder, voyageContextualEmbedder } from "./contextual-embedder.ts";
export { voyageEmbedder, type VoyageEmbedderOptions } from "./embedder.ts";
export { voyageFacts } from "./endpoint.ts";
export { voyageReranker } from "./reranker.ts";
