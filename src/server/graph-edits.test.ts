import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ownerScope } from "../scope.ts";
import { ingestTexts, openTestbed, type Body, type Testbed } from "./testbed.test.fixture.ts";

const texts = {
  "a.md": "# Puffin Colony\n\nThe Puffin Colony was counted by Ada Byron.",
  "b.md": "# Tides\n\nAda King repaired the gauge near the Puffin Colony.",
};
const edits = "/v1/graph/edits";

describe("edits of the graph over HTTP", () => {
  let bed: Testbed;
  let key: string;

  before(async () => {
    bed = await openTestbed({ extract: true });
    for (const tenant of ["acme", "other"]) await ingestTexts(bed, ownerScope(tenant), texts);
    key = await bed.key("acme", { scopes: ["query", "ingest", "admin"] });
  });
  after(() => bed.close());

  const entity = async (by: string, name: string): Promise<Body> =>
    bed.send(by, "GET", `/v1/graph/entities/${encodeURIComponent(name)}`);

  test("a merge is made once for a key, found by both names, audited, and undone", async () => {
    const request = { kind: "merge", entity: "Ada King", into: "Ada Byron" };
    const headers = { "idempotency-key": "k1" };
    const made = await bed.send(key, "POST", edits, request, headers);
    assert.deepEqual([made.status, made.body.entity, made.body.into], [201, "ada king", "ada byron"]);
    assert.match(made.body.actor, /^key:/);
    assert.deepEqual((await bed.send(key, "POST", edits, request, headers)).body, made.body);
    const { body: found } = await entity(key, "Ada King");
    assert.deepEqual([found.name, found.aliases, found.provenance.length], ["Ada Byron", ["Ada King"], 2]);
    const { body: log } = await bed.send(key, "GET", "/v1/audit");
    assert.equal(log.entries[0].action, "post /v1/graph/edits");
    const undone = await bed.send(key, "DELETE", `${edits}/${made.body.edit_id}`);
    assert.deepEqual([undone.status, undone.body.undone.actor], [200, made.body.actor]);
    assert.equal((await bed.send(key, "DELETE", `${edits}/${made.body.edit_id}`)).status, 409);
    assert.equal((await entity(key, "Ada King")).body.name, "Ada King");
    assert.equal((await bed.send(key, "DELETE", `${edits}/nope`)).status, 404);
  });

  test("what cannot be done is a problem that says why", async () => {
    const unknown = await bed.send(key, "POST", edits, { kind: "delete", entity: "Ada Kong" });
    assert.deepEqual([unknown.status, unknown.type], [404, "application/problem+json; charset=utf-8"]);
    assert.match(unknown.body.detail, /nearest names are: Ada King/);
    const taken = await bed.send(key, "POST", edits, { kind: "rename", entity: "Ada King", name: "Puffin Colony" });
    assert.equal(taken.status, 409);
    const itself = await bed.send(key, "POST", edits, { kind: "merge", entity: "Ada King", into: "ADA KING" });
    assert.equal(itself.status, 400);
    const stranger = await bed.send(key, "POST", edits, { kind: "delete", entity: "Ada King", force: true });
    assert.equal(stranger.status, 400);
  });

  test("edits are listed page by page, and are another tenant's never", async () => {
    const other = await bed.key("other");
    for (const name of ["One", "Two", "Three"])
      await bed.send(other, "POST", edits, { kind: "rename", entity: "Tides", name: `Tides ${name}` });
    const seen: Body[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body } = await bed.send(other, "GET", `${edits}?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.edits);
      cursor = body.next;
    }
    assert.deepEqual(
      seen.map(({ name }) => name),
      ["Tides Three", "Tides Two", "Tides One"],
    );
    assert.equal((await entity(key, "Tides")).body.normalized_name, "tides");
    assert.equal((await bed.send(key, "DELETE", `${edits}/${seen[0].edit_id}`)).status, 404);
  });

  test("a key that may only read, or reads only a part, makes none and sees none", async () => {
    const request = { kind: "delete", entity: "Ada King" };
    const reader = await bed.key("acme", { scopes: ["query"] });
    const part = await bed.key("acme", { scopes: ["query", "ingest"], principals: ["ann"] });
    for (const one of [reader, part]) {
      assert.equal((await bed.send(one, "POST", edits, request)).status, 403);
      assert.equal((await bed.send(one, "GET", edits)).status, 403);
    }
  });
});
