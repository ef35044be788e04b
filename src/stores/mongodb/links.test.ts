import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { HopRequest } from "../../ports/hop.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { mention, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore, type MongoStore } from "./index.ts";

const scope = ownerScope("t");
let server: MongoServer;
let store: MongoStore;

before(async () => {
  server = await startMongoServer();
  store = await openMongoStore({ uri: server.uri, database: "links" });
  await store.prepare(contractIdentity);
});

after(async () => {
  await store.close();
  await server.close();
});

/** A document of two passages whose words say which version they are of. */
const put = (id: string, words: readonly string[], names: readonly string[]) => {
  const mentions = words.flatMap((_word, at) => names.map((name) => mention(`${id}:${at}`, name)));
  return store.documents.put(scope, versionOf({ id, parts: words, graph: { mentions } }));
};

test("passages that links reach are of one version of their document, however often it changes meanwhile", async () => {
  const change = (word: string) => put("changing", [`${word} tree`, `${word} pie`], ["bridge", `${word} lore`]);
  await put("seed", ["a seed"], ["bridge"]);
  await change("apple");
  const limits = { maxShared: 20, maxSubname: 50, maxPassages: 30 };
  const asked = {
    seeds: ["seed:0"],
    titled: [],
    except: ["apple lore", "pear lore"],
    filter: null,
    vector: null,
    ...limits,
  };
  /** The words of each passage and the name that it mentions: read at two moments, told as of one. */
  const tell = async () => {
    const { passages } = await store.graph.links(scope, { ...asked, terms: ["appl", "pear"] });
    const found = passages.filter(({ chunk_id }) => chunk_id.startsWith("changing"));
    return found.map(({ mask, entities }) => `${mask} ${entities.map((one) => one.entity).join()}`).join(", ");
  };
  const seen = new Set<string>();
  const done = new AbortController();
  const look = async (): Promise<void> => {
    while (!done.signal.aborted) seen.add(await tell());
  };
  const looking = [look(), look(), look()];
  for (let round = 0; round < 30; round++) await change(round % 2 === 0 ? "pear" : "apple");
  done.abort();
  await Promise.all(looking);
  assert.deepEqual([...seen].toSorted(), ["1 apple lore, 1 apple lore", "2 pear lore, 2 pear lore"]);
});

test("a whole walk takes few commands, and a second round over the same passages none", async () => {
  await put("from", ["the orchard grows apples"], ["orchard", "apple valley"]);
  await put("to", ["a valley in the north"], ["apple valley", "orchard"]);
  const request: HopRequest = {
    question: "In which direction does the orchard lie?",
    filter: null,
    vector: null,
    hits: [{ chunk_id: "from:0", score: 1 }],
    words: {
      corpusSize: 6,
      terms: ["orchard", "north"].map((term) => ({ term, documentFrequency: 1, expansions: [] })),
    },
    scale: { vector: null, text: { weight: 1, mean: 0, deviation: 1, least: null } },
    depth: 10,
    explained: 10,
    unread: true,
  };
  const titles = ["apple valley", "orchard"].map((name) => mention("titled:0", name, "title"));
  await store.documents.put(scope, versionOf({ id: "titled", parts: ["a page"], graph: { mentions: titles } }));
  await store.graph.hop(scope, request);
  server.journal.clear();
  const { closed, hits, chunks } = await store.graph.hop(scope, request);
  assert.deepEqual([closed, hits.map((hit) => hit.chunk_id).toSorted()], [null, ["from:0", "titled:0", "to:0"]]);
  const read = chunks?.map(({ chunk_id, content }) => `${chunk_id} ${content}`).toSorted();
  assert.deepEqual(read, ["from:0 the orchard grows apples", "titled:0 a page", "to:0 a valley in the north"]);
  const commands = server.journal.entries.map((entry) => `${entry.command} ${entry.collection}`);
  assert.ok(commands.length <= 11, commands.join(", "));
});
