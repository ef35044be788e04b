export { openaiEmbedder, type OpenAIEmbedderOptions } from "./embedder.ts";
export { openaiFacts, type OpenAIOptions } from "./endpoint.ts";
export { openaiModel, type OpenAIModelOptions } from "./language-model.ts";
