import { HybridRAGError } from "../../errors.ts";
import { collectionSchemas } from "./collection-schemas.ts";
import { graphViews } from "./graph-views.ts";
import { collections } from "./names.ts";

export type RoleName = "app" | "ingest" | "operator";

/** A custom role as `createRole` and the Atlas user interface take it. */
export interface Role {
  readonly roleName: string;
  readonly privileges: readonly {
    readonly resource: { readonly db: string; readonly collection: string };
    readonly actions: readonly string[];
  }[];
}

type Rights = Readonly<Record<string, readonly string[]>>;

const read = ["find"];
const write = ["find", "insert", "update", "remove"];

/** What answering questions does: documents are read, conversations and memories written. */
const app: Rights = {
  [collections.documents]: read,
  [collections.texts]: read,
  [collections.chunks]: ["find", "listSearchIndexes"],
  [collections.sessions]: write,
  [collections.messages]: write,
  [collections.memories]: write,
  [collections.jobs]: ["find", "insert", "update"],
  [collections.caches]: write,
  [collections.keys]: ["find", "insert", "update"],
  [collections.audit]: ["find", "insert"],
  [collections.edits]: read,
  [collections.state]: ["find", "insert", "update"],
};

/** Beside that: documents come and go, and the graph is edited. */
const ingest: Rights = {
  ...app,
  [collections.edits]: ["find", "insert"],
  [collections.documents]: write,
  [collections.texts]: write,
  [collections.chunks]: [...write, "listSearchIndexes"],
};

const manage = ["createCollection", "createIndex", "listIndexes", "collStats"];
const change = (collection: string): readonly string[] => (collection in collectionSchemas ? ["collMod"] : []);

/** Beside that: collections and indexes are made. */
const operator: Rights = {
  ...Object.fromEntries(
    Object.entries(ingest).map(([name, actions]) => [name, [...actions, ...manage, ...change(name)]]),
  ),
  [collections.chunks]: [
    ...ingest[collections.chunks]!,
    ...manage,
    ...change(collections.chunks),
    "createSearchIndexes",
    "updateSearchIndex",
    "dropSearchIndex",
  ],
  [collections.state]: [...ingest[collections.state]!, "collStats"],
  // Views: to read them is for people.
  ...Object.fromEntries(graphViews.map(({ name }) => [name, ["find", "createCollection", "collMod"]])),
  "": ["listCollections"],
};

const rights: Readonly<Record<RoleName, Rights>> = { app, ingest, operator };
const guideNames: Readonly<Record<RoleName, string>> = {
  app: "ragAppRole",
  ingest: "ragIngestRole",
  operator: "ragOperatorRole",
};

/** The least that a user needs for this work; `ragAppRole` is the guide's name. */
export function roleFor(role: RoleName, database: string): Role {
  const made: Role = {
    roleName: guideNames[role],
    privileges: Object.entries(rights[role]).map(([collection, actions]) => ({
      resource: { db: database, collection },
      actions,
    })),
  };
  checkRole(made);
  return made;
}

/** Those of MongoDB's actions that anything here could need; there is none called `aggregate` or `delete`. */
const knownActions: ReadonlySet<string> = new Set([
  ...write,
  ...manage,
  "collMod",
  "listSearchIndexes",
  "createSearchIndexes",
  "updateSearchIndex",
  "dropSearchIndex",
  "listCollections",
]);

/** `createRole` refuses a role with an action that does not exist. */
export function checkRole({ roleName, privileges }: Role): void {
  for (const { resource, actions } of privileges) {
    const stranger = actions.find((action) => !knownActions.has(action));
    if (stranger === undefined) continue;
    const path = `${roleName}.${resource.collection}.${stranger}`;
    throw new HybridRAGError("invalid_config", `The role is wrong at ${path}: MongoDB has no such action.`, {
      details: { path },
    });
  }
}
