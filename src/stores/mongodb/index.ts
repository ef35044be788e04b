export { openMongoStore, type MongoIndexes, type MongoStore, type MongoStoreOptions } from "./mongo-store.ts";
export type { ConnectionSettings } from "./connect.ts";
export type { FilterField } from "./filter-fields.ts";
export type { IndexStatus, IndexStep } from "./index-plan.ts";
export type { IndexSettings } from "./indexes.ts";
export { roleFor, type Role, type RoleName } from "./roles.ts";
export type { SearchCapabilities } from "./search-profile.ts";
export { sizingOf, type Sizing } from "./sizing.ts";
export type { CollectionSize } from "./storage-sizes.ts";
