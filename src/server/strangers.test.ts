import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ownerScope } from "../scope.ts";
import { openTestbed, type Body, type Testbed } from "./testbed.test.fixture.ts";

describe("bodies", () => {
  let bed: Testbed;
  let key: string;
  before(async () => {
    bed = await openTestbed();
    key = await bed.key("acme");
  });
  after(() => bed.close());

  const search = async (body: Buffer | string, headers: Record<string, string>) =>
    (await bed.send(key, "POST", "/v1/search", body, { "content-type": "application/json", ...headers })).status;
  const json = '{"query":"caf\u00e9"}';

  test("are JSON in UTF-8, whatever they are said to be", async () => {
    assert.equal(await search(json, {}), 200);
    assert.equal(await search(json, { "content-type": 'Application/JSON; charset="UTF-8"' }), 200);
    assert.equal(await search(json, { "content-encoding": "identity" }), 200);
    assert.equal(await search(Buffer.from(json, "latin1"), {}), 400);
    assert.equal(await search(Buffer.from(json, "utf16le"), {}), 400);
    for (const type of ["application/json; charset=utf-16", "text/plain", "application/x-www-form-urlencoded", "a"])
      assert.equal(await search(json, { "content-type": type }), 415, type);
    for (const coding of ["gzip", "br", "gzip, identity"])
      assert.equal(await search(json, { "content-encoding": coding }), 415, coding);
  });

  test("cannot reach the prototype of anything", async () => {
    for (const hostile of ['{"query":"a","__proto__":{"x":1}}', '{"query":"a","constructor":{"prototype":{"x":1}}}'])
      assert.equal(await search(hostile, {}), 400, hostile);
  });
});

describe("pages of other origins", () => {
  const listed = "https://app.example.com";
  const preflight = (bed: Testbed, origin: string) =>
    bed.send(null, "OPTIONS", "/v1/documents/x", undefined, { origin, "access-control-request-method": "DELETE" });

  test("may call every method where they are listed, and read what an answer says beside its body", async (t) => {
    const bed = await openTestbed({ flags: { cors_origins: [listed, "https://other.example.com"] } });
    t.after(() => bed.close());
    const asked = await preflight(bed, listed);
    assert.deepEqual([asked.status, asked.headers["access-control-allow-origin"]], [204, listed]);
    assert.match(String(asked.headers["access-control-allow-methods"]), /DELETE/);
    const { headers } = await bed.send(null, "GET", "/livez", undefined, { origin: listed });
    assert.match(String(headers["access-control-expose-headers"]), /retry-after/);
    const stranger = await preflight(bed, "https://evil.example");
    assert.equal(stranger.headers["access-control-allow-origin"], undefined);
  });

  test("may call nothing where none is listed", async (t) => {
    const bed = await openTestbed();
    t.after(() => bed.close());
    assert.equal((await preflight(bed, listed)).headers["access-control-allow-origin"], undefined);
  });
});

describe("what only some of a tenant may read", () => {
  let bed: Testbed;
  let [owner, board, other] = ["", "", ""];
  before(async () => {
    bed = await openTestbed();
    owner = await bed.key("acme", { scopes: ["admin"] });
    board = await bed.key("acme", { principals: ["board"] });
    other = await bed.key("acme", { principals: ["staff"] });
  });
  after(() => bed.close());

  test("a memory is replaced by none of the others", async () => {
    const secret = { memory_id: "m", content: "The merger is in May.", metadata: { access: ["board"] } };
    assert.equal((await bed.send(board, "POST", "/v1/agents/a/memories", secret)).status, 201);
    const mine = { memory_id: "m", content: "There is no merger." };
    assert.equal((await bed.send(other, "POST", "/v1/agents/a/memories", mine)).status, 409);
    const { body } = await bed.send(board, "GET", "/v1/agents/a/memories/m");
    assert.equal(body.content, secret.content);
  });

  test("a job is seen, followed and cancelled by whoever began it, and by who reads everything", async () => {
    const documents = [{ source: "merger.txt", text: "In May.", metadata: { access: ["board"] } }];
    const { body } = await bed.send(board, "POST", "/v1/ingest", { documents });
    const address = `/v1/jobs/${body.job_id}`;
    const listedTo = async (key: string) =>
      (await bed.send(key, "GET", "/v1/jobs")).body.jobs.map(({ job_id }: Body) => job_id);
    assert.deepEqual([await listedTo(board), await listedTo(owner)], [[body.job_id], [body.job_id]]);
    assert.deepEqual(await listedTo(other), []);
    assert.equal((await bed.send(other, "GET", address)).status, 404);
    assert.equal((await bed.send(other, "POST", `${address}/cancel`)).status, 404);
    assert.equal((await bed.send(owner, "GET", address)).body.state, "queued");
    assert.equal((await bed.send(board, "POST", `${address}/cancel`)).body.state, "cancelled");
  });
});

test("the audit log has what was written and refused and who used a key, and nothing that was said", async (t) => {
  const bed = await openTestbed();
  t.after(() => bed.close());
  const key = await bed.key("acme", { scopes: ["admin"] });
  await bed.send(key, "POST", "/v1/search", { query: "puffins" });
  await bed.send(key, "POST", "/v1/sessions", { session_id: "s" });
  await bed.send(key, "POST", "/v1/sessions/s/messages", { messages: [{ role: "user", content: "A secret." }] });
  await bed.send(key, "DELETE", "/v1/sessions/none");
  const { items } = await bed.store.audit.list(ownerScope("acme"), { limit: 10, cursor: null });
  assert.deepEqual(
    items.map(({ action, target, outcome }) => [action, target, outcome]),
    [
      ["delete /v1/sessions/{session_id}", "none", "not_found"],
      ["post /v1/sessions", "", "201"],
      ["use key", key.split("_")[1], "accepted"],
    ],
  );
  assert.ok(!JSON.stringify(items).includes("secret"));
});
