import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";
import { MongoClient } from "mongodb";
import { contractIdentity, stoppedClock, type World } from "../../testing/contract/case.ts";
import { contractCases, storeContract, type StoreContract } from "../../testing/contract/store-contract.ts";
import { startMongoServer, type MongoServerOptions } from "../../testing/mongodb/index.ts";
import { ownerScope } from "../../scope.ts";
import { openMongoStore, type MongoStore } from "./index.ts";

type Open = StoreContract["open"];

const real = process.env["HYBRIDRAG_TEST_MONGODB_URI"];
/** With search. */
const isLive = real !== undefined && process.env["HYBRIDRAG_LIVE_MONGODB_URI"] === real;

/** A database of its own on the server at this URI, or on a test server of its own. */
const opener =
  (server: MongoServerOptions, realUri?: string): Open =>
  async ({ now }) => {
    const own = realUri === undefined ? await startMongoServer(server) : null;
    const uri = realUri ?? own!.uri;
    const database = `hybridrag_${randomUUID().slice(0, 8)}`;
    const open = async () => {
      const opened = await openMongoStore({ uri, database, now });
      return isLive ? whenBuilt(opened) : opened;
    };
    let store = await open();
    return {
      store,
      reopen: async () => {
        store = await open();
        return store;
      },
      dispose: async () => {
        await store.close();
        if (own) return own.close();
        const client = new MongoClient(uri);
        await client.db(database).dropDatabase();
        await client.close();
      },
    };
  };

/** On a real server the indexes are built for seconds. */
const whenBuilt = (store: MongoStore): MongoStore => ({
  ...store,
  prepare: async (identity, options) => {
    await store.prepare(identity, options);
    await store.indexes.wait({ timeoutMs: 120_000 });
  },
});

const withoutSearch = [
  {
    case: "health counts documents and live sessions of all tenants and knows what the index is for",
    reason: "without search the store says that it is not ready",
  },
  { case: "everything is there after closing and opening again", reason: "the case compares searches too" },
];

if (real === undefined) {
  storeContract({ name: "MongoDB (Atlas)", open: opener({ profile: "atlas", members: 3 }), effort: 0.1 });
  storeContract({ name: "MongoDB (8.2 with mongot)", open: opener({ profile: "8.2" }), effort: 0.05 });
  // 7.0 and 8.0 differ for the store in nothing: neither has search.
  storeContract({
    name: "MongoDB (8.0 without search)",
    open: opener({ profile: "8.0" }),
    capabilities: { search: false },
    skip: withoutSearch,
    effort: 0.05,
  });
} else {
  storeContract({
    name: "a real MongoDB",
    open: opener({}, real),
    capabilities: { search: isLive },
    skip: isLive ? [] : withoutSearch,
    effort: 0.1,
  });
}

/** What the engine keeps of the exact scores although it does not have them all: BM25 and the graph. */
const exact = new Set([
  "scores are BM25 to the last digit",
  "words are weighed by the whole tenant, not by what the filter leaves",
  "moments are taken over what the caller may read",
  "the graph answers as that of the reference store does, after any puts and deletes",
]);

describe("the MongoDB store counts words exactly as the reference does", { skip: real !== undefined }, () => {
  const disposals: (() => Promise<void>)[] = [];
  after(async () => {
    for (const dispose of disposals) await dispose();
  });
  for (const one of Object.values(contractCases).flat()) {
    if (!exact.has(one.name)) continue;
    test(one.name, async (t) => {
      const clock = stoppedClock();
      const opened = await opener({})({ now: clock.now });
      disposals.push(opened.dispose);
      const { store } = opened;
      await store.prepare(contractIdentity);
      const unused = (): never => {
        throw new Error("this case needs one store");
      };
      const world: World = {
        store,
        clock,
        effort: 0.2,
        tenant: () => ownerScope(`tenant-${randomUUID()}`),
        search: async (scope, request) => {
          await store.settle();
          return store.chunks.search(scope, { vector: null, text: null, filter: null, candidates: 50, ...request });
        },
        fresh: unused,
        reopen: unused,
      };
      await one.run(world, t);
    });
  }
});
