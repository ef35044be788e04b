export * from "./arbitraries.ts";
export { embedderCases, embedderContract } from "./contract/embedder-contract.ts";
export { languageModelCases, languageModelContract } from "./contract/language-model-contract.ts";
export type { ModelCase, ModelContract } from "./contract/model-contract.ts";
export { rerankerCases, rerankerContract } from "./contract/reranker-contract.ts";
export { contractCases, storeContract, type OpenedStore, type StoreContract } from "./contract/store-contract.ts";
export { overlapReranker, quotingModel, wordEmbedder } from "./fake-models.ts";
export { openMemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
export { startMongoServer, type MongoServer, type MongoServerOptions } from "./mongodb/index.ts";
export {
  anthropicStandin,
  awsSecretsStandin,
  gcpSecretsStandin,
  geminiStandin,
  openaiStandin,
  voyageStandin,
  type Fault as ProviderFault,
  type SecretsStandin,
  type Standin,
  type StandinOptions,
} from "./standins/index.ts";
