import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { vectorOf, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore, type MongoStore } from "./index.ts";

const scope = ownerScope("t");

describe("what a search asks the server", () => {
  let server: MongoServer;
  let store: MongoStore;
  before(async () => {
    server = await startMongoServer();
    store = await openMongoStore({ uri: server.uri, database: "rag", now: () => 0 });
    await store.prepare(contractIdentity);
    await store.documents.put(scope, versionOf({ id: "a", parts: ["a harbour in the north", "an island"] }));
    await store.settle();
    await search("harbour");
  });
  after(async () => {
    await store.close();
    await server.close();
  });

  const search = (query: string) =>
    store.chunks.search(scope, {
      vector: vectorOf(query),
      text: { query, repairTypos: true },
      filter: null,
      candidates: 5,
    });

  /** The first stage of each command, and what of the text is searched for. */
  async function askedFor(query: string): Promise<readonly string[]> {
    server.journal.clear();
    await search(query);
    return server.journal.entries.map(({ command, collection, body }) => {
      const [first] = (body["pipeline"] ?? [{}]) as Readonly<Record<string, unknown>>[];
      const stage = Object.keys(first!)[0] ?? "";
      const words = /"query":"([^"]*)","path":"terms\.body"/.exec(JSON.stringify(first))?.[1];
      return [command, collection, stage, ...(words === undefined ? [] : [words])].join(" ");
    });
  }

  const versions = "aggregate documents $match";

  test("is one command a leg and one for versions and bodies, where it knows how common the words are", async () => {
    assert.deepEqual(
      (await askedFor("harbour")).toSorted(),
      [versions, "aggregate text_chunks $search harbour", "aggregate text_chunks $vectorSearch"].toSorted(),
    );
  });

  test("searches for words that it does not know while it counts them", async () => {
    const asked = await askedFor("northern island");
    assert.deepEqual(asked.slice(0, 3).toSorted(), [
      "aggregate text_chunks $match",
      "aggregate text_chunks $search northern island",
      "aggregate text_chunks $vectorSearch",
    ]);
    assert.equal(asked.at(-1), versions);
  });

  test("searches once more where a word is repaired, for the repaired one", async () => {
    const asked = await askedFor("harbuor");
    const searched = asked.filter((one) => one.includes("$search ha"));
    assert.deepEqual(searched, ["aggregate text_chunks $search harbuor", "aggregate text_chunks $search harbour"]);
  });
});
