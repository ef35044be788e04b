export { anthropicBatches } from "./batch.ts";
export { anthropicFacts } from "./client.ts";
export { anthropicModel } from "./language-model.ts";
export { anthropicModelWarnings } from "./lifecycle.ts";
