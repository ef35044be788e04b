export { openEmbeddedStore, type EmbeddedStore, type EmbeddedStoreOptions } from "./embedded-store.ts";
