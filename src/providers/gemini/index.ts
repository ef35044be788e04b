export { geminiEmbedder } from "./embedder.ts";
export { geminiFacts, type GeminiOptions } from "./endpoint.ts";
export { geminiModel } from "./language-model.ts";
