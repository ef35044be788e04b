import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { ownerScope } from "../scope.ts";
import { Secret } from "../secret.ts";
import { ingestTexts, openTestbed } from "../server/testbed.test.fixture.ts";
import { createLog } from "./log.ts";
import { observedStore } from "./observe-ports.ts";
import { observedRag } from "./observe-rag.ts";
import { startTelemetry, type TelemetrySettings } from "./telemetry.ts";

interface ReceivedSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceId: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A collector: what was sent to which path. */
async function receiver(t: TestContext, handle?: Handler) {
  const bodies: { path: string; text: string; authorization: string }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    request.on("end", () => {
      bodies.push({ path: request.url ?? "", text, authorization: request.headers.authorization ?? "" });
      if (handle) handle(request, response);
      else response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const spans = (path: string): readonly ReceivedSpan[] =>
    bodies
      .filter((body) => body.path === path)
      .flatMap(({ text }) => JSON.parse(text).resourceSpans as { scopeSpans: { spans: ReceivedSpan[] }[] }[])
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, spans };
}

const log = createLog({ level: "silent" });

const settingsOf = (url: string): TelemetrySettings => ({
  serviceName: "test",
  otlpEndpoint: url,
  langfuse: {
    publicKey: "pk",
    secretKey: new Secret("sk"),
    baseUrl: url,
    environment: undefined,
    release: undefined,
  },
});

async function asking(t: TestContext) {
  const bed = await openTestbed({ wrap: observedStore });
  t.after(() => bed.close());
  await ingestTexts(bed, ownerScope("acme"), { "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows." });
  const rag = observedRag(bed.rag, { content: false });
  return async (): Promise<void> => {
    const events: string[] = [];
    const question = { query: "How many burrows did the puffin colony count?", session_id: "s1" };
    for await (const { type } of rag.ask(ownerScope("acme"), question)) events.push(type);
    assert.equal(events.at(-1), "end");
  };
}

describe("telemetry", () => {
  test("a collector and Langfuse get the trace of a question, without its text", async (t) => {
    const { url, bodies, spans } = await receiver(t);
    const ask = await asking(t);
    const telemetry = await startTelemetry(settingsOf(url), log);
    await ask();
    await telemetry.close();
    for (const path of ["/v1/traces", "/api/public/otel/v1/traces"]) {
      const root = spans(path).find(({ name }) => name === "hybridrag.ask");
      assert.ok(root, `${path} got ${bodies.map((body) => body.path).join(", ")}`);
      const search = spans(path).find(({ name }) => name === "store.search");
      if (path === "/v1/traces") assert.equal(search?.parentSpanId, root.spanId, "what an answer calls is its child");
      const attribute = (key: string) => root.attributes.find((one) => one.key === key)?.value;
      assert.deepEqual(attribute("session.id"), { stringValue: "s1" });
      assert.deepEqual(attribute("hybridrag.evidence"), { stringValue: "answer" });
    }
    assert.match(bodies.find(({ path }) => path.startsWith("/api"))!.authorization, /^Basic /);
    assert.ok(bodies.every(({ text }) => !text.includes("puffin")));
  });

  const bad: Readonly<Record<string, Handler>> = {
    "refuses the key": (_, response) => void response.writeHead(401).end("{}"),
    "is overrun": (_, response) => void response.writeHead(429, { "retry-after": "60" }).end("{}"),
    "is broken": (_, response) => void response.writeHead(500).end("no"),
    hangs: () => undefined,
  };
  for (const [name, handle] of Object.entries(bad)) {
    test(`a receiver that ${name} costs no answer, and the end waits two seconds at most`, async (t) => {
      const { url } = await receiver(t, handle);
      const ask = await asking(t);
      const telemetry = await startTelemetry(settingsOf(url), log);
      await ask();
      const started = performance.now();
      await telemetry.close();
      assert.ok(performance.now() - started < 4000);
    });
  }

  test("a receiver that is not there costs nothing", async (t) => {
    const ask = await asking(t);
    const telemetry = await startTelemetry(settingsOf("http://127.0.0.1:9"), log);
    await ask();
    await telemetry.close();
  });
});
