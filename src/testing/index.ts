export * from "./arbitraries.ts";
export { contractCases, storeContract, type OpenedStore, type StoreContract } from "./contract/store-contract.ts";
export { openMemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
export { startMongoServer, type MongoServer, type MongoServerOptions } from "./mongodb/index.ts";
