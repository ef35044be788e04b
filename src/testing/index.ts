export { openMemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
