export { openaiEmbedder, type OpenAIEmbedderOptions } from "./embedder.ts";
export { openaiFacts } from "./endpoint.ts";
export { openaiModel, type OpenAIModelOptions } from "./language-model.ts";
