import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { Binary } from "bson";
import type { Call } from "./call.ts";
import { ServerError } from "./fault.ts";
import { asDocs, asText, isDoc, type Doc } from "./value.ts";

/** What a user may do: `collection` empty means every collection of the database. */
export interface Privilege {
  readonly resource: { readonly db: string; readonly collection: string } | { readonly cluster: true };
  readonly actions: readonly string[];
}

export interface TestUser {
  readonly user: string;
  readonly password: string;
  readonly privileges: readonly Privilege[] | "all";
}

interface Stored {
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly privileges: readonly Privilege[] | "all";
}

interface Conversation {
  readonly user: string;
  readonly authMessage: string;
  readonly nonce: string;
  readonly firstBare: string;
}

const iterations = 4096;
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** Right that each command needs on its collection; null: any signed-in user. */
const actionOf: Readonly<Record<string, string | null>> = {
  find: "find",
  count: "find",
  distinct: "find",
  aggregate: "find",
  explain: "find",
  insert: "insert",
  update: "update",
  delete: "remove",
  create: "createCollection",
  drop: "dropCollection",
  createIndexes: "createIndex",
  listIndexes: "listIndexes",
  dropIndexes: "dropIndex",
  collMod: "collMod",
  dropDatabase: "dropDatabase",
  listCollections: "listCollections",
  createSearchIndexes: "createSearchIndexes",
  updateSearchIndex: "updateSearchIndex",
  dropSearchIndex: "dropSearchIndex",
};

/** Users, their SCRAM-SHA-256 proofs and what they may do. Without users everybody may do everything. */
export class Access {
  private readonly users = new Map<string, Stored>();

  constructor(users: readonly TestUser[]) {
    for (const { user, password, privileges } of users) {
      const salt = randomBytes(16);
      const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
      const clientKey = hmac(salted, "Client Key");
      const storedKey = createHash("sha256").update(clientKey).digest();
      this.users.set(user, { salt, storedKey, serverKey: hmac(salted, "Server Key"), privileges });
    }
  }

  get isOpen(): boolean {
    return this.users.size === 0;
  }

  saslStart(call: Call): Doc {
    if (call.command["mechanism"] !== "SCRAM-SHA-256")
      throw new ServerError("AuthenticationFailed", "only SCRAM-SHA-256 is supported");
    const payload = payloadOf(call.command);
    const firstBare = payload.replace(/^n,[^,]*,/, "");
    const fields = attributes(firstBare);
    const user = (fields["n"] ?? "").replaceAll("=2C", ",").replaceAll("=3D", "=");
    const stored = this.users.get(user);
    if (!stored) throw new ServerError("AuthenticationFailed", "Authentication failed.");
    const nonce = `${fields["r"] ?? ""}${randomBytes(18).toString("base64")}`;
    const answer = `r=${nonce},s=${stored.salt.toString("base64")},i=${iterations}`;
    const conversation: Conversation = { user, nonce, firstBare, authMessage: `${firstBare},${answer}` };
    call.connection.conversation = conversation;
    return { conversationId: 1, done: false, payload: new Binary(Buffer.from(answer)), ok: 1 };
  }

  saslContinue(call: Call): Doc {
    const conversation = call.connection.conversation as Conversation | null;
    if (!conversation) throw new ServerError("AuthenticationFailed", "no conversation");
    const payload = payloadOf(call.command);
    if (payload === "") return { conversationId: 1, done: true, payload: new Binary(Buffer.alloc(0)), ok: 1 };
    const fields = attributes(payload);
    const stored = this.users.get(conversation.user)!;
    const authMessage = `${conversation.authMessage},${payload.replace(/,p=[^,]*$/, "")}`;
    const proof = Buffer.from(fields["p"] ?? "", "base64");
    const signature = hmac(stored.storedKey, authMessage);
    const clientKey = Buffer.from(signature.map((byte, index) => byte ^ (proof[index] ?? 0)));
    const given = createHash("sha256").update(clientKey).digest();
    if (proof.length !== 32 || fields["r"] !== conversation.nonce || !timingSafeEqual(given, stored.storedKey))
      throw new ServerError("AuthenticationFailed", "Authentication failed.");
    call.connection.user = conversation.user;
    const verifier = `v=${hmac(stored.serverKey, authMessage).toString("base64")}`;
    return { conversationId: 1, done: true, payload: new Binary(Buffer.from(verifier)), ok: 1 };
  }

  /** As `connectionStatus` shows them. */
  privilegesOf(user: string | null): readonly Doc[] {
    const privileges = user === null ? [] : (this.users.get(user)?.privileges ?? []);
    if (privileges === "all") return [{ resource: { anyResource: true }, actions: ["anyAction"] }];
    return privileges.map(({ resource, actions }) => ({ resource, actions }));
  }

  /** The rights a command needs, as `collection:action`; refused when the user lacks one. */
  check(call: Call): readonly string[] {
    const needed = rightsOf(call);
    if (this.isOpen || free.has(call.name)) return needed;
    const stored = call.connection.user === null ? undefined : this.users.get(call.connection.user);
    if (!stored) throw new ServerError("Unauthorized", `Command ${call.name} requires authentication`);
    if (stored.privileges === "all") return needed;
    for (const right of needed) {
      const [collection, action] = right.split(":") as [string, string];
      if (!allows(stored.privileges, call.database, collection, action))
        throw new ServerError(
          "Unauthorized",
          `not authorized on ${call.database} to execute command { ${call.name}: ${JSON.stringify(call.command[call.name])} } (${right})`,
        );
    }
    return needed;
  }
}

const allows = (privileges: readonly Privilege[], db: string, collection: string, action: string): boolean =>
  privileges.some(({ resource, actions }) => {
    if (!actions.includes(action)) return false;
    if ("cluster" in resource) return false;
    return (
      (resource.db === "" || resource.db === db) && (resource.collection === "" || resource.collection === collection)
    );
  });

const free = new Set([
  "hello",
  "isMaster",
  "ismaster",
  "ping",
  "buildInfo",
  "buildinfo",
  "saslStart",
  "saslContinue",
  "endSessions",
  "getMore",
  "killCursors",
  "commitTransaction",
  "abortTransaction",
  "connectionStatus",
  "getParameter",
]);

export const isFree = (name: string): boolean => free.has(name);

function rightsOf(call: Call): readonly string[] {
  const { name, command } = call;
  if (free.has(name)) return [];
  const collection = asText(command[name]);
  if (name === "findAndModify") {
    const write =
      command["remove"] === true ? ["remove"] : ["update", ...(command["upsert"] === true ? ["insert"] : [])];
    return ["find", ...write].map((action) => `${collection}:${action}`);
  }
  if (name === "update") {
    const upserts = asDocs(command["updates"]).some((part) => part["upsert"] === true);
    return [`${collection}:update`, ...(upserts ? [`${collection}:insert`] : [])];
  }
  if (command["viewOn"] !== undefined && (name === "create" || name === "collMod")) {
    const [, ...others] = pipelineRights(collection, asDocs(command["pipeline"]));
    return [`${collection}:${actionOf[name]!}`, `${asText(command["viewOn"])}:find`, ...others];
  }
  if (name === "aggregate") return pipelineRights(collection, asDocs(command["pipeline"]));
  const action = actionOf[name];
  if (action === undefined) return [`${collection}:${name}`];
  return action === null
    ? []
    : [`${name === "listCollections" || name === "dropDatabase" ? "" : collection}:${action}`];
}

function pipelineRights(collection: string, pipeline: readonly Doc[]): readonly string[] {
  const [first] = pipeline.map((stage) => Object.keys(stage)[0]);
  const own = first === "$collStats" ? "collStats" : first === "$listSearchIndexes" ? "listSearchIndexes" : "find";
  const others = pipeline.flatMap((stage) =>
    Object.entries(stage).flatMap(([name, body]) => {
      if (!isDoc(body) || !["$lookup", "$graphLookup", "$unionWith"].includes(name)) return [];
      return [`${asText(body["from"]) || asText(body["coll"])}:find`];
    }),
  );
  return [...new Set([`${collection}:${own}`, ...others])];
}

function payloadOf(command: Doc): string {
  const payload = command["payload"];
  if (payload instanceof Binary) return Buffer.from(payload.buffer.subarray(0, payload.position)).toString();
  if (typeof payload === "string") return Buffer.from(payload, "base64").toString();
  throw new ServerError("AuthenticationFailed", "payload is missing");
}

const attributes = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
