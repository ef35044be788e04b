export { type AnthropicBatches, anthropicBatches, type BatchRequest, type BatchResult } from "./batch.ts";
export { anthropicFacts, type AnthropicOptions } from "./client.ts";
export { anthropicModel } from "./language-model.ts";
export { anthropicModelWarnings } from "./lifecycle.ts";
