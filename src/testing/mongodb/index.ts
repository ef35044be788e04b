export { startMongoServer, type MongoServer, type MongoServerOptions } from "./server.ts";
export type { Privilege, TestUser } from "./access.ts";
export type { ProfileName } from "./profile.ts";
