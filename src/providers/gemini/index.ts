export { geminiEmbedder } from "./embedder.ts";
export { geminiFacts } from "./endpoint.ts";
export { geminiModel } from "./language-model.ts";
