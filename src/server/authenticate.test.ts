import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { ownerScope } from "../scope.ts";
import { ingestTexts, openTestbed } from "./testbed.test.fixture.ts";

/** An identity provider: a discovery document, its keys, and tokens as a test wants them. */
async function provider(t: TestContext) {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const key = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const server = createServer((request, response) => {
    const issuer = `http://${request.headers.host}`;
    const discovery = { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/keys" ? { keys: [key] } : discovery));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = (
    claims: Record<string, unknown>,
    { audience = "hybridrag", expires = "5m", signer = privateKey } = {},
  ) =>
    new SignJWT({ sub: "ann", tenant: "acme", scope: "query", ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expires)
      .sign(signer);
  return { issuer, token };
}

describe("tokens of an identity provider", () => {
  test("name the tenant, the scopes and the names that access lists may have", async (t) => {
    const { issuer, token } = await provider(t);
    const bed = await openTestbed({ flags: { oidc_issuer: issuer } });
    t.after(() => bed.close());
    await ingestTexts(bed, ownerScope("acme"), { "open.md": "Puffins nest here." });
    const secret = { source: "board.md", text: "Puffins are to be sold.", metadata: { access: ["board"] } };
    for await (const _ of bed.rag.ingest(ownerScope("acme"), [secret], { cwd: "/" }));
    const found = async (claims: Record<string, unknown>) => {
      const { status, body } = await bed.send(await token(claims), "POST", "/v1/search", { query: "puffins" });
      return status === 200 ? body.results.map((one: { source: string }) => one.source).toSorted() : status;
    };
    assert.deepEqual(await found({}), ["open.md"]);
    assert.deepEqual(await found({ groups: ["board"] }), ["board.md", "open.md"]);
    assert.deepEqual(await found({ tenant: "other" }), []);
    assert.equal(await found({ scope: "" }), 403);
  });

  test("are nobody's fault while the provider gives no keys: that is no 401", async (t) => {
    const { issuer, token } = await provider(t);
    const flags = { oidc_issuer: issuer, oidc_jwks_uri: "http://127.0.0.1:9/keys" };
    const gone = await openTestbed({ flags });
    t.after(() => gone.close());
    const { status, body } = await gone.send(await token({}), "GET", "/v1/documents");
    assert.deepEqual([status, body.code], [502, "provider_failed"]);
    const confused = await openTestbed({ flags: { oidc_issuer: issuer, oidc_jwks_uri: `${issuer}/elsewhere` } });
    t.after(() => confused.close());
    assert.equal((await confused.send(await token({}), "GET", "/v1/documents")).body.code, "provider_failed");
    assert.equal((await confused.send("no.token.atall", "GET", "/v1/documents")).status, 401);
  });

  test("are refused alike when they are old, for others, unsigned by the provider, or without a tenant", async (t) => {
    const { issuer, token } = await provider(t);
    const bed = await openTestbed({ flags: { oidc_issuer: issuer } });
    t.after(() => bed.close());
    const { privateKey: stranger } = await generateKeyPair("ES256");
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"ann","tenant":"acme"}').toString("base64url")}.`;
    const bad = [
      await token({}, { expires: "-1m" }),
      await token({}, { audience: "another" }),
      await token({}, { signer: stranger }),
      await token({ tenant: undefined }),
      await token({ tenant: "../other" }),
      none,
    ];
    for (const [index, one] of bad.entries()) {
      const { status, body } = await bed.send(one, "GET", "/v1/documents");
      assert.deepEqual([status, body.code], [401, "unauthorized"], String(index));
    }
  });
});

describe("limits", () => {
  test("a key that asks too often is told when to come back; others of the tenant are not held up", async (t) => {
    let now = Date.parse("2026-01-01T00:00:10Z");
    for (const rate_limit_shared of [false, true]) {
      const bed = await openTestbed({ now: () => now, flags: { rate_limit_per_key: 3, rate_limit_shared } });
      t.after(() => bed.close());
      const [one, other] = [await bed.key("acme"), await bed.key("acme")];
      const asked = [];
      for (let n = 0; n < 4; n++) asked.push(await bed.send(one, "GET", "/v1/documents"));
      assert.deepEqual(
        asked.map(({ status }) => status),
        [200, 200, 200, 429],
      );
      assert.equal(asked[3]!.headers["retry-after"], String(60 - (new Date(now).getSeconds() % 60)));
      assert.equal((await bed.send(other, "GET", "/v1/documents")).status, 200);
      now += 60_000;
      assert.equal((await bed.send(one, "GET", "/v1/documents")).status, 200);
    }
  });

  test("what comes on top of the work in hand is refused at once, and health is not", async (t) => {
    let letGo = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const bed = await openTestbed({
      flags: { max_in_flight: 2 },
      wrap: (store) => ({
        ...store,
        documents: {
          ...store.documents,
          list: async (...call) => {
            await gate;
            return store.documents.list(...call);
          },
        },
      }),
    });
    t.after(() => bed.close());
    const key = await bed.key("acme");
    const waiting = [bed.send(key, "GET", "/v1/documents"), bed.send(key, "GET", "/v1/documents")];
    const refused = await bed.send(key, "GET", "/v1/documents");
    assert.deepEqual([refused.status, refused.body.code, refused.headers["retry-after"]], [503, "overloaded", "1"]);
    assert.equal((await bed.send(null, "GET", "/readyz")).status, 200);
    letGo();
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 200],
    );
  });

  test("a body over its limit is a 413, and documents may be larger than questions", async (t) => {
    const bed = await openTestbed({ flags: { body_limit_kb: 2, ingest_body_limit_mb: 1 } });
    t.after(() => bed.close());
    const key = await bed.key("acme");
    const large = "x".repeat(3000);
    assert.equal((await bed.send(key, "POST", "/v1/search", { query: large })).status, 413);
    const documents = [{ source: "large.txt", text: large }];
    assert.equal((await bed.send(key, "POST", "/v1/ingest", { documents })).status, 202);
  });
});

test("searches are counted and logged under the guide's names, and the text of the question is in neither", async (t) => {
  const bed = await openTestbed({ dev: true, level: "info" });
  t.after(() => bed.close());
  const known = { "x-request-id": "request-1" };
  await bed.send(null, "POST", "/v1/search", { query: "confidential question", mode: "text" }, known);
  const { text } = await bed.send(null, "GET", "/metrics");
  assert.match(text, /^hybridrag_search_requests_total\{search_type="text",status="success"\} 1$/m);
  assert.match(text, /^hybridrag_search_latency_seconds_bucket\{le="0\.01",search_type="text"\} \d+$/m);
  assert.match(text, /^hybridrag_results_count_bucket\{le="0",search_type="text"\} 1$/m);
  assert.match(text, /^hybridrag_active_sessions 0$/m);
  assert.deepEqual(
    bed.logged.map(({ event }) => event),
    ["search_started", "search_completed"],
  );
  const completed = bed.logged[1]!;
  assert.deepEqual(
    [completed["logger"], completed["request_id"], completed["results_count"], completed["query_length"]],
    ["hybridrag.search", "request-1", 0, 21],
  );
  assert.ok(!text.includes("confidential") && !JSON.stringify(bed.logged).includes("confidential"));
});
