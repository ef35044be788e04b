import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { ownerScope } from "../scope.ts";
import { rawRequest, type RawRequest } from "./raw-request.test.fixture.ts";
import { admitted, broken, hostile, type JsonSchema } from "./schema-arbitrary.test.fixture.ts";
import { ingestTexts, openTestbed, type Body, type Sent, type Testbed } from "./testbed.test.fixture.ts";

/** A long run: HYBRIDRAG_FUZZ_REQUESTS=1000000. */
const requests = Number(process.env["HYBRIDRAG_FUZZ_REQUESTS"] ?? (process.env["CI"] ? 20_000 : 4000));
/** So many share one world; a fresh one keeps what they store from piling up. */
const perWorld = 1000;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly body: JsonSchema | null;
  /** By status; "default" is the problem document. */
  readonly answers: ReadonlyMap<string, ValidateFunction | null>;
}

interface Wanted {
  /** Method and path, short in a counterexample. */
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

test("the description is valid OpenAPI", async () => {
  const bed = await openTestbed({ dev: true });
  const { body } = await bed.send(null, "GET", "/openapi.json");
  const { valid, errors } = await new Validator().validate(body);
  assert.ok(valid, JSON.stringify(errors)?.slice(0, 500));
  assert.equal(body.openapi, "3.1.0");
  await bed.close();
});

test(`${requests} generated requests: no fault of ours, every answer as described, every refusal a problem`, async (t) => {
  const statuses = new Map<number, number>();
  const described = await openTestbed({ dev: true });
  const operations = operationsOf((await described.send(null, "GET", "/openapi.json")).body);
  await described.close();
  for (let done = 0; done < requests; done += perWorld) {
    const bed = await openTestbed({ dev: true });
    await ingestTexts(bed, ownerScope("default"), world);
    const ids = await knownIds(bed);
    const property = fc.asyncProperty(anyRequest(operations, ids), async (wanted) => {
      if ("url" in wanted) return checkRaw(operations, wanted, await sendRaw(bed, wanted), bed.logged.at(-1), statuses);
      const operation = operations.find((one) => nameOf(one) === wanted.name)!;
      const sent = await send(bed, operation, wanted);
      statuses.set(sent.status, (statuses.get(sent.status) ?? 0) + 1);
      checkAnswer(operation, sent, bed.logged.at(-1));
    });
    await fc.assert(property, { numRuns: Math.min(perWorld, requests - done) });
    await bed.close();
  }
  t.diagnostic(
    [...statuses]
      .toSorted()
      .map(([status, count]) => `${status}: ${count}`)
      .join(", "),
  );
  assert.ok((statuses.get(200) ?? 0) > requests / 10, "hardly a request was good");
  assert.ok((statuses.get(400) ?? 0) > requests / 10, "hardly a request was bad");
});

const world = {
  "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows in 2024.",
  "tides.md": "# Tides\n\nThe tide gauge was repaired after the storm Brona.",
};

/** The text forms of an answer are not described; uploads and long waits have tests of their own. */
const left = new Set(["/metrics", "/openapi.json"]);

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

function operationsOf(description: Body): readonly Operation[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const problem = ajv.compile(description.components.schemas.Problem as object);
  return Object.entries(description.paths as Record<string, Record<string, Body>>)
    .filter(([path]) => !left.has(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters.filter((one: { in: string }) => one.in !== "header"),
        body: operation.requestBody?.content["application/json"]?.schema ?? null,
        answers: new Map(
          Object.entries(operation.responses as Record<string, Body>).map(([status, answer]) => {
            const schema = answer.content?.["application/json"]?.schema as object | undefined;
            return [status, status === "default" ? problem : schema ? ajv.compile(schema) : null] as const;
          }),
        ),
      })),
    );
}

type Ids = Readonly<Record<string, readonly string[]>>;

async function knownIds(bed: Testbed): Promise<Ids> {
  const documents = await bed.send(null, "GET", "/v1/documents");
  await bed.send(null, "POST", "/v1/sessions", { session_id: "s1" });
  const job = await bed.send(null, "POST", "/v1/ingest", { documents: [{ source: "a", text: "b" }] });
  await bed.send(null, "POST", "/v1/agents/a1/memories", { memory_id: "m1", content: "Puffins nest in burrows." });
  return {
    document_id: documents.body.documents.map((one: Body) => one.document_id),
    session_id: ["s1"],
    job_id: [job.body.job_id],
    agent_id: ["a1"],
    memory_id: ["m1"],
    name: ["puffin", "Brona"],
  };
}

function anyRequest(operations: readonly Operation[], ids: Ids): fc.Arbitrary<Wanted | RawRequest> {
  const described = operations.map((operation) => requestOf(operation, ids));
  return fc.oneof({ weight: 4, arbitrary: fc.oneof(...described) }, { weight: 1, arbitrary: rawRequest });
}

async function sendRaw(bed: Testbed, { method, url, payload, headers }: RawRequest): Promise<Sent> {
  // The type knows one value a header; twice the same header is what is tested.
  return bed.send(null, method, url, payload, headers as Record<string, string>);
}

/** Nothing is described of these but that a refusal is a problem, and that nothing is done to the process. */
function checkRaw(
  operations: readonly Operation[],
  { method, url }: RawRequest,
  sent: Sent,
  logged: unknown,
  statuses: Map<number, number>,
): void {
  const { status, type, body, text } = sent;
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  assert.ok(status < 500, `${method} ${url.slice(0, 200)}: ${status} ${text.slice(0, 300)} ${JSON.stringify(logged)}`);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  if (status < 400 || method === "HEAD") return;
  assert.match(type, /^application\/problem\+json/, `${method} ${url.slice(0, 200)}: ${status}`);
  const problem = operations[0]!.answers.get("default")!;
  assert.ok(problem(body), `${JSON.stringify(problem.errors)} in ${text.slice(0, 300)}`);
}

function requestOf(operation: Operation, ids: Ids): fc.Arbitrary<Wanted> {
  const of = (place: string) =>
    fc.record(
      Object.fromEntries(
        operation.parameters
          .filter((one) => one.in === place)
          .map(({ name, schema }) => {
            const known = ids[name] ? [{ weight: 4, arbitrary: fc.constantFrom<unknown>(...ids[name]) }] : [];
            const good = { weight: 4, arbitrary: admitted(schema) };
            return [name, fc.oneof(...known, good, { weight: 1, arbitrary: hostile })];
          }),
      ),
      place === "path" ? {} : { requiredKeys: [] },
    );
  const body = operation.body ? admitted(operation.body) : fc.constant(undefined);
  return fc.record({
    name: fc.constant(nameOf(operation)),
    params: of("path"),
    query: fc.oneof(
      { weight: 9, arbitrary: of("query") },
      { weight: 1, arbitrary: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }) },
    ),
    body: operation.body
      ? fc.oneof(
          { weight: 4, arbitrary: body },
          { weight: 3, arbitrary: broken(body) },
          { weight: 1, arbitrary: hostile },
          { weight: 1, arbitrary: fc.string().map((text) => Buffer.from(text)) },
        )
      : body,
    headers: headers(operation),
  });
}

const headers = ({ path }: Operation): fc.Arbitrary<Record<string, string>> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record({ "idempotency-key": fc.constantFrom("k1", "k2", "", "ü", "x".repeat(300)) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        "content-type": fc.constantFrom("text/plain", "application/xml", "multipart/form-data", ""),
      }),
    },
    // A job that nobody works on would be followed for ever.
    { weight: path.startsWith("/v1/jobs") ? 0 : 1, arbitrary: fc.constant({ accept: "text/event-stream" }) },
  );

async function send(bed: Testbed, operation: Operation, wanted: Wanted): Promise<Sent> {
  const { params, query, body, headers } = wanted;
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(params[name]));
  const search = Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
  const isText = body === undefined || Buffer.isBuffer(body);
  const payload = isText ? body : Buffer.from(JSON.stringify(body) ?? "");
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  return bed.send(null, operation.method, search ? `${path}?${search}` : path, payload, { ...type, ...headers });
}

const encode = (value: unknown): string =>
  encodeURIComponent((typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed());

function checkAnswer({ answers }: Operation, { status, type, body, text }: Sent, logged: unknown): void {
  assert.ok(status < 500, `status ${status}: ${text.slice(0, 300)} ${JSON.stringify(logged)}`);
  if (status >= 400) {
    assert.match(type, /^application\/problem\+json/);
    assert.equal(body.status, status);
    const problem = answers.get("default")!;
    assert.ok(problem(body), `${JSON.stringify(problem.errors)} in ${text.slice(0, 300)}`);
    return;
  }
  if (type.startsWith("text/event-stream")) {
    return assert.match(text, /(event: end\ndata: .*|data: \[DONE\])\n\n$/, text.slice(-300));
  }
  if (type.startsWith("application/graphml+xml")) return assert.match(text, /<\/graphml>\n$/);
  assert.ok(answers.has(String(status)), `status ${status} is not described`);
  const schema = answers.get(String(status));
  if (schema) assert.ok(schema(body), `${JSON.stringify(schema.errors)} in ${text.slice(0, 300)}`);
  else assert.equal(text, "");
}
