import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { LinkRequest } from "../../ports/graph-store.ts";
import type { Store } from "../../ports/store.ts";
import { ownerScope, type Scope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { link, mention, versionOf } from "../../testing/contract/examples.ts";
import { openMemoryStore } from "../../testing/memory-store.ts";
import { startMongoServer, type MongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

/** More passages than are read to learn of them. */
const passages = 2_100;
const scope = ownerScope("t");

const ids = Array.from({ length: passages }, (_none, number) => `d:${String(number).padStart(4, "0")}`);

/**
 * Each passage is named by one, and points at a place in one, at another document, at a title, at itself and at nothing.
 * "everywhere" stands in all, is a part of a longer name in many and the title of some; "rare place" stands in few.
 */
const mentions = ids.flatMap((id, number) => [
  mention(id, `t ${number}`, "title"),
  mention(id, `t ${number}`),
  mention(id, `t ${(number + 1) % passages}`),
  mention(id, "everywhere"),
  ...(number % 3 === 0 ? [mention(id, "everywhere else")] : []),
  ...(number % 500 === 0 ? [mention(id, "everywhere", "title"), mention(id, "rare place")] : []),
  ...(number === 700 ? [mention(id, "else"), mention(id, "a rare place")] : []),
]);
const links = ids.flatMap((id, number) => [
  { ...link(id, `#${number}`), kind: "anchor" as const },
  link(id, `#${number}`),
  link(id, `#${(number + 1) % passages}`),
  link(id, "e.txt"),
  link(id, `t ${(number + 2) % passages}`),
  link(id, "nowhere"),
]);

async function fill(store: Store): Promise<void> {
  await store.prepare(contractIdentity);
  const parts = ids.map((id) => `passage ${id}`);
  const vectors = ids.map(() => null);
  const given = versionOf({ id: "d", parts, vectors });
  const chunks = given.chunks.map((chunk, ordinal) => ({ ...chunk, chunk_id: ids[ordinal]! }));
  await store.documents.put(scope, { ...given, chunks, graph: { mentions, links, assertions: [] } });
  await store.documents.put(scope, versionOf({ id: "e", parts: ["alone"] }));
}

const edit = (store: Store) =>
  store.graph.edit(
    scope,
    {
      edit_id: "e",
      actor: "owner",
      created_at: "2026-01-01T00:00:00.000Z",
      change: { kind: "merge", entity: "everywhere else", into: "t 0" },
    },
    0,
  );

async function follow({ graph }: Store, asker: Scope, request: Partial<LinkRequest>) {
  const limits = { maxShared: 20, maxSubname: 50, maxPassages: 30 };
  const seeds = [ids[0]!, ids[700]!, ids[1500]!];
  const whole = { seeds, titled: ["t 5", "everywhere"], except: [], filter: null, terms: [], vector: null, ...limits };
  const { edges, passages: reached, weights } = await graph.links(asker, { ...whole, ...request });
  return {
    edges: edges.map((one) => `${one.from} ${one.kind} ${one.entity} ${one.to}`).toSorted(),
    reached: reached.map(({ chunk_id, entities }) => `${chunk_id} ${JSON.stringify(entities)}`).toSorted(),
    weights: weights.map((one) => `${one.entity} ${one.passages} ${one.titled}`).toSorted(),
  };
}

describe("a tenant with more passages than are read", () => {
  let server: MongoServer;
  let store: Store;
  const reference = openMemoryStore();

  before(async () => {
    server = await startMongoServer({ profile: "atlas", members: 1 });
    store = await openMongoStore({ uri: server.uri });
    for (const one of [store, reference]) await fill(one);
  });
  after(async () => {
    await store.close();
    await server.close();
  });

  const requests: readonly (readonly [string, Partial<LinkRequest>])[] = [
    ["as they are", {}],
    ["without a name of the question", { except: ["everywhere", "rare place"] }],
    ["to few passages", { maxPassages: 1 }],
    ["to none", { maxPassages: 0 }],
    ["over more names", { maxShared: 2_000, maxSubname: 1_000 }],
    ["under a filter", { filter: { op: "ne", field: "metadata.source", value: "x" } }],
  ];
  const asSlowly = async (asker: Scope = scope): Promise<void> => {
    for (const [name, request] of requests)
      assert.deepEqual(await follow(store, asker, request), await follow(reference, asker, request), name);
  };

  test("is followed over names in many passages as over those in few", async () => {
    await asSlowly();
    const everybody: Scope = { tenant: "t", principals: ["nobody"] };
    assert.deepEqual(await follow(store, everybody, {}), await follow(reference, everybody, {}));
  });

  test("weighs names as they are mentioned", async () => {
    const names = ["everywhere", "everywhere else", "rare place", "unknown", "t 5"];
    assert.deepEqual(await store.graph.weigh(scope, names), await reference.graph.weigh(scope, names));
  });

  test("says by some of them how densely it is linked, and is followed as edits have it", async () => {
    // Over the next title and "everywhere"; to the next place, the document and a title.
    const density = await store.graph.linkDensity(scope);
    assert.ok(Math.abs(density - 5) < 0.01, String(density));
    for (const one of [store, reference]) await edit(one);
    const edited = await store.graph.linkDensity(scope);
    assert.ok(Math.abs(edited - (5 + 1 / 3)) < 0.03, String(edited));
    assert.deepEqual(await follow(store, scope, {}), await follow(reference, scope, {}));
  });
});
