export {
  openEmbeddedStore,
  type EmbeddedStore,
  type EmbeddedStoreOptions,
  type IndexGenerations,
} from "./embedded-store.ts";
