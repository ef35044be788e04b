import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Store } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { abortCases } from "./abort.ts";
import { accessCases } from "./access.ts";
import { atomicityCases } from "./atomicity.ts";
import { auditCases } from "./audit.ts";
import { cacheCases } from "./caches.ts";
import { contractIdentity, stoppedClock, type ContractCase, type World } from "./case.ts";
import { deletionCases } from "./deletion.ts";
import { documentCases } from "./documents.ts";
import { filterCases } from "./filters.ts";
import { generationCases } from "./generations.ts";
import { graphCases } from "./graph.ts";
import { walkCases } from "./walk.ts";
import { graphEditCases } from "./graph-edits.ts";
import { pointerCases } from "./pointers.ts";
import { seenGraphCases } from "./seen-graph.ts";
import { jobCases } from "./jobs.ts";
import { keyCases } from "./keys.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { memoryCases } from "./memories.ts";
import { movingCases } from "./moving.ts";
import { searchCases } from "./search.ts";
import { sessionCases } from "./sessions.ts";
import { tenantCases } from "./tenants.ts";
import { textSearchCases } from "./text-search.ts";

export interface StoreContract {
  readonly name: string;
  /** Opens an empty store that takes the time from `now`. Called several times; the stores know nothing of each other. */
  open(options: { readonly now: () => number }): Promise<OpenedStore>;
  readonly capabilities?: {
    /** False for a server that stores but cannot search; default true. */
    readonly search?: boolean;
  };
  /** Promises that this engine does not keep; each is printed with its reason. */
  readonly skip?: readonly { readonly case: string; readonly reason: string }[];
  /** Multiplies the number of random examples; 1 by default. */
  readonly effort?: number;
}

export interface OpenedStore {
  readonly store: Store;
  /** Opens what a closed store kept; absent where nothing is kept. */
  readonly reopen?: () => Promise<Store>;
  /** Closes the store if need be and removes what it kept. */
  dispose(): Promise<void>;
}

/** Every promise of the store port by the name of the port. */
export const contractCases: Readonly<Record<string, readonly ContractCase[]>> = {
  documents: documentCases,
  atomicity: atomicityCases,
  deletion: deletionCases,
  search: searchCases,
  "text search": textSearchCases,
  filters: filterCases,
  access: accessCases,
  tenants: tenantCases,
  graph: [...graphCases, ...pointerCases, ...walkCases],
  "graph edits": [...graphEditCases, ...seenGraphCases],
  sessions: sessionCases,
  memories: memoryCases,
  moving: movingCases,
  jobs: jobCases,
  caches: cacheCases,
  keys: keyCases,
  audit: auditCases,
  abort: abortCases,
  lifecycle: lifecycleCases,
  generations: generationCases,
};

/** Registers a test for each promise. */
export function storeContract(contract: StoreContract): void {
  describe(`${contract.name} keeps the store contract`, () => {
    for (const [port, cases] of Object.entries(contractCases)) {
      describe(port, () => registerPort(contract, cases));
    }
    test("skips nothing but promises that exist", () => {
      const names = Object.values(contractCases).flatMap((cases) => cases.map((one) => one.name));
      assert.deepEqual([...new Set(names)], names, "two cases have one name");
      for (const skipped of contract.skip ?? []) assert.ok(names.includes(skipped.case), skipped.case);
    });
  });
}

function registerPort(contract: StoreContract, cases: readonly ContractCase[]): void {
  const opened: OpenedStore[] = [];
  let shared: Promise<World> | null = null;
  after(async () => {
    for (const one of opened) await one.dispose();
  });
  for (const one of cases) {
    test(one.name, async (t) => {
      shared ??= openWorld(contract, opened);
      const world = await shared;
      const reason = reasonToSkip(contract, one, world, opened[0]!);
      if (reason === null) await one.run(world, t);
      else t.skip(reason);
    });
  }
}

function reasonToSkip(contract: StoreContract, one: ContractCase, world: World, opened: OpenedStore): string | null {
  const named = contract.skip?.find((skipped) => skipped.case === one.name);
  if (named) return named.reason;
  const canSearch = contract.capabilities?.search ?? true;
  const isMissing = {
    search: !canSearch,
    exactScores: !canSearch || !world.store.capabilities().exactScores,
    persistence: !opened.reopen,
    generations: !("generations" in world.store),
  };
  return one.needs && isMissing[one.needs] ? `${contract.name} has no ${one.needs}` : null;
}

async function openWorld(contract: StoreContract, opened: OpenedStore[]): Promise<World> {
  const clock = stoppedClock();
  const one = await contract.open({ now: clock.now });
  opened.push(one);
  await one.store.prepare(contractIdentity);
  const worldOf = (store: Store): World => ({
    store,
    clock,
    effort: contract.effort ?? 1,
    tenant: () => ownerScope(`tenant-${crypto.randomUUID()}`),
    search: async (scope, request) => {
      await store.settle();
      return store.chunks.search(scope, { vector: null, text: null, filter: null, candidates: 50, ...request });
    },
    fresh: () => openWorld(contract, opened),
    reopen: async () => {
      await store.close();
      return worldOf(await one.reopen!());
    },
  });
  return worldOf(one.store);
}
