export { anthropicBatches } from "./batch.ts";
export { anthropicFacts, type AnthropicOptions } from "./client.ts";
export { anthropicModel } from "./language-model.ts";
export { anthropicModelWarnings } from "./lifecycle.ts";
