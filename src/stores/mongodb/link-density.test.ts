import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { link, mention, versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

/** More passages than are looked at. */
const passages = 2_100;
const scope = ownerScope("t");

test("of many passages some say how densely they are linked, by names, places, documents and edits", async (t) => {
  const server = await startMongoServer({ profile: "atlas", members: 1 });
  const store = await openMongoStore({ uri: server.uri });
  t.after(async () => {
    await store.close();
    await server.close();
  });
  await store.prepare(contractIdentity);
  const ids = Array.from({ length: passages }, (_none, number) => `d:${number}`);
  const kept = (number: number): string => ids[number % passages]!;
  // Each passage is named by one, points at a place in one, at the whole document, at itself and at nothing.
  const mentions = ids.flatMap((id, number) => [
    mention(id, `t ${number}`, "title"),
    mention(id, `t ${number}`),
    mention(id, `t ${(number + 1) % passages}`),
    mention(id, "nobody's title"),
  ]);
  const links = ids.flatMap((id, number) => [
    { ...link(id, `#${number}`), kind: "anchor" as const },
    link(id, `#${number}`),
    link(id, `#${(number + 1) % passages}`),
    link(kept(number), "d.txt"),
    link(id, `t ${(number + 2) % passages}`),
    link(id, "nowhere"),
  ]);
  const parts = ids.map((id) => `passage ${id}`);
  const vectors = ids.map(() => null);
  await store.documents.put(scope, versionOf({ id: "d", parts, vectors, graph: { mentions, links } }));
  assert.equal(await store.graph.linkDensity(scope), 4);
  assert.equal((await store.graph.count(scope)).linksPerPassage, 4);
  const change = { kind: "merge", entity: "nobody's title", into: "t 0", name: "T 0" } as const;
  const edit = { edit_id: "e", actor: "owner", created_at: "2026-01-01T00:00:00.000Z", change };
  await store.graph.edit(scope, edit, 0);
  const edited = await store.graph.linkDensity(scope);
  assert.ok(edited > 4.99 && edited <= 5, String(edited));
  assert.equal(await store.graph.linkDensity({ tenant: "t", principals: ["nobody"] }), edited);
});
