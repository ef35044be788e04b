import type { TestContext } from "node:test";
import type { ChunkSearch, ChunkSearchResult } from "../../ports/chunk-store.ts";
import type { IndexIdentity, Store } from "../../ports/store.ts";
import type { Scope } from "../../scope.ts";

/** One behaviour that every engine shows. */
export interface ContractCase {
  /** Unique; an engine that cannot keep the promise names it in `skip`. */
  readonly name: string;
  /** What an engine must have for the case to be run at all. */
  readonly needs?: "search" | "exactScores" | "persistence" | "generations";
  run(world: World, t: TestContext): Promise<void>;
}

/** What a case works with. Cases of one port share a store and keep apart by tenants. */
export interface World {
  readonly store: Store;
  readonly clock: Clock;
  /** Multiplies the number of random examples. */
  readonly effort: number;
  /** The owner of a tenant that no other case knows. */
  tenant(): Scope;
  /** Settles, then searches, with nothing asked for but what is given. */
  search(scope: Scope, request: Partial<ChunkSearch>): Promise<ChunkSearchResult>;
  /** Another, empty store with a clock of its own, for what concerns all tenants. */
  fresh(): Promise<World>;
  /** Closes the store and opens what it kept. Only where a case needs "persistence". */
  reopen(): Promise<World>;
}

/** Stands still unless it is moved. */
export interface Clock {
  now(): number;
  advance(milliseconds: number): void;
}

export function stoppedClock(start = Date.UTC(2026, 0, 1)): Clock {
  let time = start;
  return {
    now: () => time,
    advance: (milliseconds) => {
      time += milliseconds;
    },
  };
}

/** What the stores of the contract are prepared for. */
export const contractIdentity: IndexIdentity = { embedder: "contract", dimensions: 8, chunker: "contract" };

/** The same tenant seen by somebody who is not its owner. */
export const as = (scope: Scope, ...principals: readonly string[]): Scope => ({ tenant: scope.tenant, principals });
