import fc from "fast-check";

/** A request as bytes and lines that no client library would send. */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly payload: Buffer | undefined;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

const bodyPaths = ["/v1/search", "/v1/query", "/v1/ingest", "/v1/sessions", "/v1/chat/completions", "/v1/keys"];
const readPaths = [
  "/v1/documents",
  "/v1/sessions",
  "/v1/jobs",
  "/v1/graph/entities",
  "/v1/audit",
  "/livez",
  "/v1/models",
];

const deep = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);

/** Bodies that are nearly JSON, or JSON that nobody means well with. */
const texts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    "{",
    "null",
    "\ufeff{}",
    '{"query":"a","query":"b"}',
    '{"query":"a"}}',
    '{"query":"a","top_k":1e400}',
    `{"query":"a","top_k":${"9".repeat(500)}}`,
    '{"query":"a","top_k":-0}',
    '{"query":"a\\u0000b","filters":{"metadata.a\\u0000":"\\u0000"}}',
    '{"query":"\\ud800"}',
    '{"__proto__":{"polluted":true},"query":"a"}',
    '{"query":"a","filters":{"__proto__":{"polluted":true}}}',
    '{"query":"a","filters":{"constructor":{"prototype":{"polluted":true}}}}',
    '{"query":"a","filters":{"metadata.__proto__.polluted":true}}',
    '{"session_id":"a","metadata":{"__proto__":{"polluted":true}}}',
    '{"query":"a","filters":{"metadata.n":{"$in":[1e308,-1e308,1e-320,0.1]}}}',
    '{"query":"a","filters":{"metadata.n":{"$gt":9007199254740993}}}',
    "NaN",
    "'query'",
    '{"query":"a"/**/}',
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 20_000 }), fc.constantFrom("[", '{"a":', '{"$and":[', '{"filters":{"$not":'))
    .map(([depth, open]) => deep(depth, open, open.includes("[") ? (open.includes("{") ? "]}" : "]") : "}")),
  fc
    .tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom('{"$and":[', '{"$or":[', '{"$nor":['))
    .map(([depth, open]) => `{"query":"a","filters":${open.repeat(depth)}{"metadata.a":1}${"]}".repeat(depth)}}`),
  fc.nat(2000).map((many) => `{"query":"a","filters":{"metadata.a":{"$in":[${Array(many).fill("1").join()}]}}}`),
);

const bytes: fc.Arbitrary<Buffer> = fc.oneof(
  texts.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw)),
  // No UTF-8: a lone continuation, an overlong slash, a surrogate, a cut sequence.
  fc
    .constantFrom([0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xff, 0xfe])
    .map((bad) => Buffer.concat([Buffer.from('{"query":"a'), Buffer.from(bad), Buffer.from('"}')])),
);

const header = fc.constantFrom<Readonly<Record<string, string | string[]>>>(
  {},
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "application/json;;;" },
  { "content-type": "multipart/form-data; boundary=" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "content-type": "application/x-www-form-urlencoded" },
  { "content-type": "text/plain" },
  { "content-type": "APPLICATION/JSON" },
  { "content-encoding": "gzip" },
  { "x-request-id": ["one-12345", "two-12345"] },
  { "idempotency-key": ["a", "b"] },
  { "idempotency-key": "k".repeat(5000) },
  { authorization: ["Bearer a", "Bearer b"] },
  { authorization: "Bearer " + "x".repeat(5000) },
  { accept: "*/*;q=0, text/event-stream;q=0.1" },
  { traceparent: "00-zz-zz-zz" },
  { traceparent: `00-${"0".repeat(32)}-${"0".repeat(16)}-01`, tracestate: "=,=,".repeat(200) },
  { "x-forwarded-for": "::1, evil", "x-forwarded-host": "a\tb", host: "evil.example" },
  { range: "bytes=0-" },
  { "if-none-match": "*" },
);

const queries = fc.oneof(
  fc.constantFrom(
    "?limit=1&limit=2",
    "?limit=1e3",
    "?limit=0x10",
    "?limit=%31",
    "?limit=-1",
    "?limit=",
    "?cursor=",
    "?cursor=e30",
    "?cursor=bnVsbA",
    "?cursor=W10",
    `?cursor=${Buffer.from('{"__proto__":1}').toString("base64url")}`,
    `?cursor=${Buffer.from('["\\u0000",9e99]').toString("base64url")}`,
    `?cursor=${"A".repeat(3000)}`,
    "?cursor[]=a&cursor[b]=c",
    "?__proto__=1&constructor=2",
    "?a=%ff%fe&%00=%00",
    "?filters=%7B",
    "?filters=[]",
    "?filters=%7B%22%24where%22%3A1%7D",
    "??&&==;;",
    "?%",
    `?${"a=b&".repeat(500)}`,
  ),
  fc.string({ maxLength: 20 }).map((text) => `?limit=${encodeURIComponent(text.toWellFormed())}`),
);

const paths = fc.constantFrom(
  "/v1/documents/..%2f..%2fetc%2fpasswd",
  "/v1/documents/%2e%2e/%2e%2e",
  "/v1/../metrics",
  "/v1/documents/%00",
  "/v1/documents/%E0%A4%A",
  "/v1/documents/%ff",
  "/v1//documents",
  "//v1/documents",
  "/v1/documents/",
  "/V1/Documents",
  "/v1/documents/a/b/c",
  "/v1/documents;x=1",
  "/v1/documents/__proto__",
  "/v1/sessions/constructor",
  "/v1/sessions/a%0d%0ab/messages",
  "/v1/agents/__proto__/memories",
  "/v1/agents/a/memories/%2e%2e",
  `/v1/documents/${"a".repeat(5000)}`,
  `/v1/jobs/${"%20".repeat(100)}`,
  "/%",
  "/*",
  "/v1/{document_id}",
  "/openapi.json/",
  "/.env",
);

export const rawRequest: fc.Arbitrary<RawRequest> = fc.oneof(
  fc.record({
    method: fc.constant("POST"),
    url: fc.constantFrom(...bodyPaths),
    payload: bytes,
    headers: fc.oneof(fc.constant({ "content-type": "application/json" }), header),
  }),
  fc.record({
    method: fc.constant("GET"),
    url: fc.tuple(fc.constantFrom(...readPaths), queries).map(([path, query]) => path + query),
    payload: fc.constant(undefined),
    headers: header,
  }),
  fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
    url: paths,
    payload: fc.option(bytes, { nil: undefined }),
    headers: header,
  }),
);
