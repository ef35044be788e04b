import type { Access } from "./access.ts";
import type { Cursors } from "./cursors.ts";
import type { Faults } from "./faults.ts";
import { ServerError } from "./fault.ts";
import type { Journal } from "./journal.ts";
import type { Profile } from "./profile.ts";
import type { ReplicaSet } from "./replica-set.ts";
import type { SearchCatalogue } from "./search/catalogue.ts";
import type { Sessions } from "./sessions.ts";
import { Blocked, type Collection, type Storage, type Transaction } from "./storage.ts";
import { asText, type Doc } from "./value.ts";

/** Everything one server has; commands get it with every call. */
export interface ServerState {
  readonly profile: Profile;
  readonly storage: Storage;
  readonly sessions: Sessions;
  readonly cursors: Cursors;
  readonly search: SearchCatalogue;
  readonly access: Access;
  readonly replicaSet: ReplicaSet;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly now: () => number;
}

/** One command on its way. */
export interface Call {
  readonly state: ServerState;
  readonly member: number;
  readonly name: string;
  readonly command: Doc;
  readonly database: string;
  /** The transaction the command belongs to; null for a plain command. */
  readonly transaction: Transaction | null;
  readonly connection: ConnectionState;
  /** Filled while the command runs, for the journal. */
  readonly silences: string[];
}

/** What a connection remembers between commands. */
export interface ConnectionState {
  readonly id: number;
  user: string | null;
  conversation: unknown;
}

export type Command = (call: Call) => Doc | Promise<Doc>;

export function namespaceOf(call: Call): string {
  const name = asText(call.command[call.name]);
  if (name === "") throw new ServerError("BadValue", `collection name has invalid type`);
  return `${call.database}.${name}`;
}

/** A view to read from: the transaction's, or everything committed by now. */
export const viewOf = (call: Call): Transaction => call.transaction ?? call.state.storage.begin(false);

/** The collection to write to, created on first use as the server does. */
export const writable = (call: Call): Collection => call.state.storage.create(namespaceOf(call));

/** Runs one statement atomically; waits while another transaction holds what it writes. */
export async function statement<T>(call: Call, work: (view: Transaction) => T): Promise<T> {
  if (call.transaction) return work(call.transaction);
  for (;;) {
    const view = call.state.storage.begin(false);
    try {
      const result = work(view);
      call.state.storage.commit(view);
      return result;
    } catch (error) {
      call.state.storage.abort(view);
      if (!(error instanceof Blocked)) throw error;
      await error.until;
    }
  }
}
