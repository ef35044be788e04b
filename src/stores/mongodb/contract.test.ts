import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { storeContract } from "../../testing/contract/store-contract.ts";
import { openMongoStore } from "./index.ts";

/** A real server by its URI, else the test server in the profile that has search. */
const real = process.env["HYBRIDRAG_TEST_MONGODB_URI"];
const servers = new Set<MongoServer>();

storeContract({
  name: "the MongoDB store",
  async open({ now }) {
    const server = real === undefined ? await startMongoServer({ profile: "atlas" }) : null;
    if (server) servers.add(server);
    const uri = real ?? server!.uri;
    const database = `hybridrag_${randomUUID().slice(0, 8)}`;
    const open = () => openMongoStore({ uri, database, now });
    let store = await open();
    return {
      store,
      reopen: async () => {
        store = await open();
        return store;
      },
      dispose: async () => {
        await store.close();
        if (server) return server.close();
        const client = new MongoClient(uri);
        await client.db(database).dropDatabase();
        await client.close();
      },
    };
  },
});
