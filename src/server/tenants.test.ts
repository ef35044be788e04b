import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ownerScope } from "../scope.ts";
import { ingestTexts, openTestbed, type Body, type Testbed } from "./testbed.test.fixture.ts";

const tenantCount = 20;
const requests = process.env["CI"] ? 10_000 : 2000;

interface Tenant {
  readonly name: string;
  readonly key: string;
  /** Stands in everything the tenant owns, and in nothing of another's. */
  readonly mark: string;
  readonly ids: Ids;
}

interface Ids {
  readonly documents: readonly string[];
  readonly chunks: readonly string[];
  readonly jobs: readonly string[];
  readonly memories: readonly string[];
}

/** Sessions, agents, memories and idempotency keys have the same names everywhere, so that a mix-up would show. */
const sessionId = "shared-session";
const agentId = "shared-agent";

test(`${requests} requests of ${tenantCount} tenants: no byte of another tenant`, async () => {
  const bed = await openTestbed();
  const tenants = await Promise.all(Array.from({ length: tenantCount }, (_, index) => settle(bed, index)));
  const property = fc.asyncProperty(attack(tenants), async ({ method, url, body, by, headers }) => {
    const own = tenants[by]!;
    const { status, text } = await bed.send(own.key, method, url, body, headers);
    assert.ok(status < 500, `${status} ${text}`);
    for (const other of tenants) {
      if (other === own) continue;
      // What the caller said may be repeated to it, such as the question.
      const said = JSON.stringify([url, body ?? null]).includes(other.mark);
      if (!said)
        assert.ok(
          !text.includes(other.mark),
          `${own.name} was shown something of ${other.name}: ${text.slice(0, 500)}`,
        );
    }
  });
  await fc.assert(property, { numRuns: requests });
  for (const tenant of tenants) await checkWhole(bed, tenant);
  await bed.close();
});

test("another tenant's thing and a thing that does not exist get the same answer", async () => {
  const bed = await openTestbed();
  const [own, other] = await Promise.all([settle(bed, 0), settle(bed, 1)]);
  const addresses = (id: (kind: keyof Ids) => string): readonly (readonly [string, string])[] => [
    ["GET", `/v1/documents/${id("documents")}`],
    ["DELETE", `/v1/documents/${id("documents")}`],
    ["GET", `/v1/jobs/${id("jobs")}`],
    ["POST", `/v1/jobs/${id("jobs")}/cancel`],
    ["GET", `/v1/agents/${agentId}/memories/${id("memories")}`],
  ];
  const theirs = addresses((kind) => other.ids[kind][0]!);
  const nobodys = addresses(() => "none");
  for (const [index, [method, url]] of theirs.entries()) {
    const [foreign, absent] = await Promise.all([
      bed.send(own.key, method, url),
      bed.send(own.key, method, nobodys[index]![1]),
    ]);
    const shown = (problem: Body) => ({ ...problem, request_id: "" });
    assert.deepEqual([foreign.status, shown(foreign.body)], [404, shown(absent.body)], `${method} ${url}`);
  }
  await bed.close();
});

async function settle(bed: Testbed, index: number): Promise<Tenant> {
  const name = `tenant-${index}`;
  const mark = `zq${String.fromCharCode(97 + index)}xv${index}mark`;
  const key = await bed.key(name, { scopes: ["query", "ingest"] });
  await ingestTexts(bed, ownerScope(name), {
    "report.md": `# Report\n\nThe puffin colony of ${mark} counted burrows in 2024.`,
    "plan.md": `# Plan\n\nThe tide gauge of ${mark} was repaired after the storm.`,
  });
  const ask = { query: "Which colony counted burrows?", session_id: sessionId };
  await bed.send(key, "POST", "/v1/query", ask);
  const job = await bed.send(key, "POST", "/v1/ingest", { documents: [{ source: "s", text: mark }] });
  const memory = { content: `Prefers the puffin colony of ${mark}.`, metadata: { mark } };
  const remembered = await bed.send(key, "POST", `/v1/agents/${agentId}/memories`, memory);
  const documents = await bed.send(key, "GET", "/v1/documents");
  const found = await bed.send(key, "POST", "/v1/search", { query: "puffin tide", top_k: 10 });
  return {
    name,
    key,
    mark,
    ids: {
      documents: documents.body.documents.map((one: Body) => one.document_id),
      chunks: found.body.results.map((one: Body) => one.chunk_id),
      jobs: [job.body.job_id],
      memories: [remembered.body.memory_id],
    },
  };
}

interface Attack {
  readonly by: number;
  readonly method: string;
  readonly url: string;
  readonly body?: object;
  readonly headers: Record<string, string>;
}

function attack(tenants: readonly Tenant[]): fc.Arbitrary<Attack> {
  const victim = fc.constantFrom(...tenants);
  const idOf = (kind: keyof Ids) => victim.chain(({ ids }) => fc.constantFrom(...ids[kind]));
  const tenantName = victim.map(({ name }) => name);
  const query = fc.constantFrom(
    "puffin colony burrows",
    "tide gauge storm",
    "who counted",
    "report",
    "everything about the plan",
    "What are the main themes of these documents?",
  );
  const filters: fc.Arbitrary<object> = fc.oneof(
    tenantName.map((name) => ({ tenant_id: name })),
    tenantName.map((name) => ({ "metadata.tenant_id": name })),
    tenantName.map((name) => ({ $or: [{ "metadata.tenant": name }, { document_id: { $exists: true } }] })),
    idOf("documents").map((id) => ({ document_id: id })),
    idOf("documents").map((id) => ({ $or: [{ document_id: { $ne: "x" } }, { document_id: { $in: [id] } }] })),
    fc.constant({ $or: [{ document_id: { $ne: "none" } }, { "metadata.access": { $exists: true } }] }),
    fc.constant({ "metadata.source": { $nin: [] } }),
  );
  const mode = fc.constantFrom("vector", "text", "hybrid", "local", "global", "mix", "bypass");
  const question = fc.record(
    { query, mode, filters, top_k: fc.constant(100), session_id: fc.constant(sessionId) },
    { requiredKeys: ["query"] },
  );
  const get = (url: fc.Arbitrary<string>) => url.map((path) => ({ method: "GET", url: path }));
  const sent = fc.oneof(
    {
      weight: 4,
      arbitrary: question.map((body) => ({ method: "POST", url: "/v1/search", body: omit(body, "session_id") })),
    },
    { weight: 3, arbitrary: question.map((body) => ({ method: "POST", url: "/v1/query", body })) },
    {
      weight: 2,
      arbitrary: question.map(({ query: content, ...more }) => ({
        method: "POST",
        url: "/v1/chat/completions",
        body: { messages: [{ role: "user", content }], ...omit(more, "mode") },
      })),
    },
    { weight: 1, arbitrary: get(idOf("documents").map((id) => `/v1/documents/${id}`)) },
    {
      weight: 1,
      arbitrary: get(
        fc.constantFrom(
          "/v1/documents",
          "/v1/sessions",
          "/v1/jobs",
          "/v1/graph/entities",
          "/v1/graph",
          "/v1/graph/communities",
          "/v1/graph/export",
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: get(
        fc
          .tuple(fc.constantFrom("documents", "graph/communities"), filters)
          .map(([what, some]) => `/v1/${what}?filters=${encodeURIComponent(JSON.stringify(some))}`),
      ),
    },
    { weight: 1, arbitrary: get(idOf("jobs").map((id) => `/v1/jobs/${id}`)) },
    { weight: 1, arbitrary: get(fc.constant(`/v1/sessions/${sessionId}/messages`)) },
    { weight: 1, arbitrary: get(idOf("memories").map((id) => `/v1/agents/${agentId}/memories/${id}`)) },
    {
      weight: 1,
      arbitrary: query.map((text) => ({
        method: "POST",
        url: `/v1/agents/${agentId}/memories/search`,
        body: { query: text, limit: 100 },
      })),
    },
    {
      weight: 1,
      arbitrary: fc.constant({
        method: "POST",
        url: "/v1/sessions",
        body: { session_id: "same" },
      }),
    },
  );
  return fc
    .record({
      by: fc.nat(tenants.length - 1),
      headers: fc.oneof(
        fc.constant({}),
        tenantName.map((name) => ({ "x-tenant-id": name, "x-tenant": name })),
        fc.constant({ "idempotency-key": "the-same-for-all" }),
      ),
      sent,
    })
    .map(({ sent: request, ...who }) => ({ ...request, ...who }));
}

function omit(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

/** Each tenant still has all of its own. */
async function checkWhole(bed: Testbed, { key, mark, ids }: Tenant): Promise<void> {
  const documents = await bed.send(key, "GET", "/v1/documents");
  assert.deepEqual(
    documents.body.documents.map((one: Body) => one.document_id),
    ids.documents,
  );
  const { text } = await bed.send(key, "POST", "/v1/search", { query: "puffin colony burrows" });
  assert.ok(text.includes(mark));
}
