import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Access, type TestUser } from "./access.ts";
import type { ServerState } from "./call.ts";
import { expire } from "./commands/write.ts";
import { Connection } from "./connection.ts";
import { Cursors } from "./cursors.ts";
import { Faults } from "./faults.ts";
import { Journal } from "./journal.ts";
import { profiles, type ProfileName } from "./profile.ts";
import { ReplicaSet } from "./replica-set.ts";
import { SearchCatalogue } from "./search/catalogue.ts";
import { Sessions } from "./sessions.ts";
import { Storage } from "./storage.ts";

export interface MongoServerOptions {
  readonly profile?: ProfileName;
  /** Members of the replica set, each on a port of its own. */
  readonly members?: number;
  /** With users, every command needs one; without, none does. */
  readonly users?: readonly TestUser[];
  /** How long a search index takes to build, in milliseconds. */
  readonly buildMs?: number;
  /** How long the set is without a primary after a step-down, in milliseconds. */
  readonly electionMs?: number;
  /** Milliseconds after which an open transaction is aborted. */
  readonly transactionLifetimeMs?: number;
  /** Milliseconds since 1970: TTL, search lag and builds go by it. */
  readonly now?: () => number;
  /** Entries that the journal keeps. */
  readonly journalCapacity?: number;
}

export interface MongoServer {
  /** Names every member; the credentials of the first user, if there are users. */
  readonly uri: string;
  /** Settings for a process that shall use this server. */
  readonly environment: Readonly<Record<string, string>>;
  readonly journal: Journal;
  readonly faults: Faults;
  /** The primary steps down; another member is elected. Open transactions are aborted. */
  stepDown(): void;
  /** Removes what TTL indexes say has expired; the real server does it about once a minute. */
  removeExpired(): number;
  /** Lets a search index fail, with this message. */
  failSearchIndex(namespace: string, name: string, message: string): void;
  /** The index answers, and no longer follows the writes. */
  staleSearchIndex(namespace: string, name: string): void;
  /** Written documents that search does not show yet. */
  searchBehind(): number;
  close(): Promise<void>;
}

/** A server that speaks MongoDB's wire protocol to the official driver, for tests: nothing is kept on disk. */
export async function startMongoServer(options: MongoServerOptions = {}): Promise<MongoServer> {
  const now = options.now ?? Date.now;
  const storage = new Storage();
  const faults = new Faults();
  const profile = profiles[options.profile ?? "atlas"];
  const state: ServerState = {
    profile,
    storage,
    faults,
    now,
    sessions: new Sessions(storage, options.transactionLifetimeMs ?? 60_000),
    cursors: new Cursors(),
    search: new SearchCatalogue(storage, profile, faults, { now, buildMs: options.buildMs ?? 0 }),
    access: new Access(options.users ?? []),
    replicaSet: new ReplicaSet(),
    journal: new Journal(options.journalCapacity ?? 10_000),
  };
  const sockets = new Set<Socket>();
  const servers = await Promise.all(
    Array.from({ length: options.members ?? 1 }, (_, member) => listen(state, member, sockets)),
  );
  for (const server of servers) state.replicaSet.add(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const uri = uriOf(state, options.users?.[0]);
  return {
    uri,
    environment: { MONGODB_URI: uri },
    journal: state.journal,
    faults,
    stepDown: () => {
      state.sessions.abortAll();
      state.replicaSet.stepDown(options.electionMs ?? 50);
    },
    removeExpired: () =>
      [...storage.collections.values()].reduce((sum, collection) => sum + expire(collection, now(), { state }), 0),
    failSearchIndex: (namespace, name, message) => state.search.fail(namespace, name, message),
    staleSearchIndex: (namespace, name) => state.search.stale(namespace, name),
    searchBehind: () => state.search.behind(),
    close: async () => {
      state.replicaSet.close();
      state.sessions.abortAll();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

function uriOf(state: ServerState, user: TestUser | undefined): string {
  const hosts = state.replicaSet.members.map((member) => member.host).join(",");
  const credentials = user ? `${encodeURIComponent(user.user)}:${encodeURIComponent(user.password)}@` : "";
  const source = user ? "&authSource=admin&authMechanism=SCRAM-SHA-256" : "";
  return `mongodb://${credentials}${hosts}/?replicaSet=${state.replicaSet.name}${source}`;
}

function listen(state: ServerState, member: number, sockets: Set<Socket>): Promise<Server> {
  const server = createServer((socket) => {
    if (sockets.size >= state.faults.maxConnections) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    sockets.add(socket);
    const connection = new Connection(state, member, socket, sockets.size);
    socket.on("data", (bytes: Buffer) => connection.receive(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
