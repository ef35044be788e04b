import type { Call, Command } from "../call.ts";
import { namespaceOf } from "../call.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { searchSpecs } from "../search/catalogue.ts";
import { asDoc, asText, type Doc } from "../value.ts";
import * as admin from "./admin.ts";
import { buildInfo, hello, replSetStepDown } from "./handshake.ts";
import * as read from "./read.ts";
import * as write from "./write.ts";

/** Every command the server has. */
const commands: Readonly<Record<string, Command>> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: () => ({ ok: 1 }),
  buildInfo,
  buildinfo: buildInfo,
  connectionStatus: (call) => ({
    authInfo: {
      authenticatedUsers: call.connection.user === null ? [] : [{ user: call.connection.user, db: "admin" }],
      authenticatedUserRoles: [],
      ...(call.command["showPrivileges"] === true && {
        authenticatedUserPrivileges: call.state.access.privilegesOf(call.connection.user),
      }),
    },
    ok: 1,
  }),
  saslStart: (call) => call.state.access.saslStart(call),
  saslContinue: (call) => call.state.access.saslContinue(call),
  endSessions: (call) => {
    call.state.sessions.forget(call.command["endSessions"]);
    return { ok: 1 };
  },
  commitTransaction: (call) => {
    call.state.sessions.commit(call.command);
    return { ok: 1 };
  },
  abortTransaction: (call) => {
    call.state.sessions.abort(call.command);
    return { ok: 1 };
  },
  replSetStepDown,
  insert: write.insert,
  update: write.update,
  delete: write.remove,
  findAndModify: write.findAndModify,
  find: read.find,
  getMore: read.getMore,
  killCursors: read.killCursors,
  count: read.count,
  distinct: read.distinct,
  aggregate: read.aggregate,
  explain: read.explain,
  create: admin.createCollection,
  drop: admin.dropCollection,
  dropDatabase: admin.dropDatabase,
  listCollections: admin.listCollections,
  listDatabases: admin.listDatabases,
  createIndexes: admin.createIndexes,
  listIndexes: admin.listIndexes,
  dropIndexes: admin.dropIndexes,
  collMod: admin.collMod,
  createSearchIndexes: (call) => call.state.search.create(namespaceOf(call), searchSpecs(call.command)),
  updateSearchIndex: (call) =>
    call.state.search.update(
      namespaceOf(call),
      asText(call.command["name"]),
      asText(call.command["id"]),
      asDoc(call.command["definition"]),
    ),
  dropSearchIndex: (call) =>
    call.state.search.drop(namespaceOf(call), asText(call.command["name"]), asText(call.command["id"])),
};

/** All that may be said to a view; the rest is for collections. */
const onViews = new Set(["find", "aggregate", "count", "distinct", "create", "drop", "collMod"]);

export function checkTarget({ state, name, command, database }: Call): void {
  const namespace = `${database}.${asText(command[name])}`;
  if (!state.storage.views.has(namespace) || onViews.has(name)) return;
  throw new ServerError("CommandNotSupportedOnView", `Namespace ${namespace} is a view, not a collection`);
}

/** Commands that a real server has and this one does not. */
const unsupported = new Set([
  "abortReshardCollection",
  "analyze",
  "balancerStart",
  "balancerStatus",
  "bulkWrite",
  "cloneCollectionAsCapped",
  "collStats",
  "compact",
  "convertToCapped",
  "createRole",
  "createUser",
  "currentOp",
  "dataSize",
  "dbHash",
  "dbStats",
  "dropAllRolesFromDatabase",
  "dropRole",
  "dropUser",
  "filemd5",
  "fsync",
  "getLog",
  "getParameter",
  "grantRolesToUser",
  "hostInfo",
  "killOp",
  "killSessions",
  "listCommands",
  "mapReduce",
  "planCacheClear",
  "profile",
  "refreshSessions",
  "renameCollection",
  "replSetFreeze",
  "replSetGetConfig",
  "replSetGetStatus",
  "replSetReconfig",
  "rolesInfo",
  "serverStatus",
  "setFeatureCompatibilityVersion",
  "setParameter",
  "startSession",
  "top",
  "updateRole",
  "updateUser",
  "usersInfo",
  "validate",
]);

/** @throws ServerError for a command that MongoDB has, by its name; for any other, as MongoDB does. */
export function commandNamed(name: string): Command {
  const command = commands[name];
  if (command) return command;
  if (unsupported.has(name)) throw notImplemented(`the command ${name}`);
  throw new ServerError("CommandNotFound", `no such command: '${name}'`);
}

const writes = new Set([
  "insert",
  "update",
  "delete",
  "findAndModify",
  "create",
  "drop",
  "dropDatabase",
  "createIndexes",
  "dropIndexes",

  "collMod",
  "createSearchIndexes",
  "updateSearchIndex",
  "dropSearchIndex",
  "commitTransaction",
  "abortTransaction",
  "replSetStepDown",
]);

export const isWrite = (name: string): boolean => writes.has(name);

const generic = new Set([
  "$db",
  "lsid",
  "txnNumber",
  "autocommit",
  "startTransaction",
  "$clusterTime",
  "$readPreference",
  "readConcern",
  "writeConcern",
  "maxTimeMS",
  "comment",
  "apiVersion",
]);

const own: Readonly<Record<string, readonly string[]>> = {
  insert: ["documents", "ordered", "bypassDocumentValidation"],
  update: ["updates", "ordered", "bypassDocumentValidation"],
  delete: ["deletes", "ordered"],
  findAndModify: [
    "query",
    "sort",
    "remove",
    "update",
    "new",
    "fields",
    "upsert",
    "arrayFilters",
    "hint",
    "collation",
    "bypassDocumentValidation",
  ],
  find: [
    "filter",
    "sort",
    "projection",
    "hint",
    "skip",
    "limit",
    "batchSize",
    "singleBatch",
    "max",
    "min",
    "returnKey",
    "showRecordId",
    "tailable",
    "awaitData",
    "noCursorTimeout",
    "allowPartialResults",
    "allowDiskUse",
    "collation",
    "let",
  ],
  aggregate: ["pipeline", "cursor", "allowDiskUse", "hint", "collation"],
  count: ["query", "limit", "skip", "hint"],
  distinct: ["key", "query"],
};

/** An option that the server does not know is refused; one that is left out silently would be a lie. */
export function checkOptions(name: string, command: Doc): void {
  const known = own[name];
  if (known === undefined) return;
  const stranger = Object.keys(command).find((key) => key !== name && !generic.has(key) && !known.includes(key));
  if (stranger !== undefined) throw notImplemented(`the option ${stranger} of ${name}`);
  const level = asText(asDoc(command["readConcern"])["level"]);
  if (level === "linearizable") throw notImplemented("readConcern linearizable");
  if (
    asDoc(command["readConcern"])["atClusterTime"] !== undefined ||
    (level === "snapshot" && command["txnNumber"] === undefined)
  )
    throw notImplemented("snapshot reads outside transactions");
}
