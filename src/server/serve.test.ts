import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { startService, type Service } from "./serve.ts";
import { eventsOf, ingestTexts, openTestbed, type Testbed } from "./testbed.test.fixture.ts";

const world = { "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows in 2024. Puffins eat sand eels." };

async function listening(
  t: TestContext,
  options: Parameters<typeof openTestbed>[0] = {},
): Promise<{ readonly bed: Testbed; readonly service: Service; readonly end: () => Promise<void> }> {
  const flags = { port: 0, drain_delay_ms: 50, ...options.flags };
  const bed = await openTestbed({ dev: true, ...options, flags });
  await ingestTexts(bed, ownerScope("default"), world);
  const service = await startService(bed.parts);
  let ending: Promise<void> | null = null;
  const end = () => (ending ??= service.stop().then(() => bed.close()));
  t.after(end);
  return { bed, service, end };
}

const search = (url: string, query = "puffin burrows", signal?: AbortSignal) =>
  fetch(`${url}/v1/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
    ...(signal ? { signal } : {}),
  });

/** A store whose searches wait until they are let go, or are cancelled. */
function slowStore() {
  const seen = { started: 0, cancelled: 0 };
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const wrap = (store: Store): Store => ({
    ...store,
    chunks: {
      ...store.chunks,
      search: async (scope, request, options) => {
        seen.started += 1;
        const cancelled = new Promise<never>((_, reject) => {
          options?.signal?.addEventListener("abort", () => {
            seen.cancelled += 1;
            reject(options.signal!.reason as Error);
          });
        });
        await Promise.race([gate, cancelled]);
        return store.chunks.search(scope, request, options);
      },
    },
  });
  return { wrap, seen, letGo };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Until no connection is taken any more; every one that was taken is answered. */
async function refused(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/livez`).catch((error: Error) => (error.cause as NodeJS.ErrnoException).code);
    if (answer === "ECONNREFUSED") return;
    assert.equal((answer as Response).status, 200);
  }
}

describe("the service on real sockets", () => {
  test("a client that goes away cancels the work, streamed or not", async (t) => {
    for (const accept of ["application/json", "text/event-stream"]) {
      const slow = slowStore();
      const { service, end } = await listening(t, { wrap: slow.wrap });
      const gone = new AbortController();
      const asked = fetch(`${service.url}/v1/query`, {
        method: "POST",
        headers: { "content-type": "application/json", accept },
        body: JSON.stringify({ query: "puffin?" }),
        signal: gone.signal,
      });
      await until(() => slow.seen.started > 0);
      gone.abort();
      await assert.rejects(asked);
      await until(() => slow.seen.cancelled > 0);
      await end();
    }
  });

  test("draining: not ready at once, requests in flight finish, new connections are refused, nobody is reset", async (t) => {
    const slow = slowStore();
    const { service, end } = await listening(t, { wrap: slow.wrap, flags: { drain_delay_ms: 100 } });
    const inFlight = search(service.url);
    await until(() => slow.seen.started > 0);
    const ended = end();
    const ready = await fetch(`${service.url}/readyz`);
    assert.deepEqual([ready.status, ready.headers.get("connection")], [503, "close"]);
    await refused(service.url);
    slow.letGo();
    const answer = await inFlight;
    assert.deepEqual([answer.status, answer.headers.get("connection")], [200, "close"]);
    await answer.json();
    await ended;
  });

  test("draining behind a balancer that asks whether it is ready: not one request of eight clients fails", async (t) => {
    const { service, end } = await listening(t, { flags: { drain_delay_ms: 400 } });
    const clients = fork(fileURLToPath(new URL("./load-clients.test.fixture.js", import.meta.url)), [service.url, "8"]);
    await once(clients, "message");
    const told = once(clients, "message");
    await end();
    const [outcomes] = (await told) as [Readonly<Record<string, number>>];
    assert.deepEqual(Object.keys(outcomes), ["200"]);
    assert.ok(outcomes["200"]! > 50);
  });

  test("what hangs longer than the timeout is cut, and the service ends", async (t) => {
    const slow = slowStore();
    const { service, end } = await listening(t, {
      wrap: slow.wrap,
      flags: { drain_delay_ms: 0, drain_timeout_ms: 50 },
    });
    const hanging = search(service.url);
    hanging.catch(() => undefined);
    await until(() => slow.seen.started > 0);
    await end();
    await assert.rejects(hanging);
  });

  test("a half-sent request does not hold the service", async (t) => {
    const { service, end } = await listening(t, { flags: { drain_delay_ms: 0, drain_timeout_ms: 100 } });
    const socket: Socket = connect(Number(new URL(service.url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write("POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
    await end();
    socket.destroy();
  });

  test("bytes that are no HTTP, headers without end and expectations get problem documents", async (t) => {
    const { service } = await listening(t);
    const answerTo = async (bytes: string): Promise<readonly [status: number, code: string]> => {
      const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
      socket.end(bytes);
      const [head, body] = (await text(socket)).split("\r\n\r\n", 2);
      assert.match(head!, /content-type: application\/problem\+json/i);
      return [Number(head!.split(" ", 2)[1]), (JSON.parse(body!) as { code: string }).code];
    };
    assert.deepEqual(await answerTo("GARBAGE\r\n\r\n"), [400, "invalid_input"]);
    assert.deepEqual(await answerTo(`GET /livez HTTP/1.1\r\nx: ${"a".repeat(20_000)}\r\n\r\n`), [431, "invalid_input"]);
    const both = "host: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert.deepEqual(await answerTo(`POST /v1/search HTTP/1.1\r\n${both}`), [400, "invalid_input"]);
    const expects = "host: x\r\nconnection: close\r\nexpect: a-miracle\r\n\r\n";
    assert.deepEqual(await answerTo(`GET /livez HTTP/1.1\r\n${expects}`), [417, "invalid_input"]);
  });

  test("the first event of a stream comes before the answer is whole", async (t) => {
    const { service, end } = await listening(t);
    const response = await fetch(`${service.url}/v1/query`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query: "How many burrows did the puffin colony count?" }),
    });
    assert.equal(response.headers.get("x-accel-buffering"), "no");
    const events = eventsOf(await response.text()).map(({ event }) => event);
    assert.deepEqual([events[0], events.at(-1)], ["sources", "end"]);
    await end();
  });

  test("metrics have a port of their own when one is set", async (t) => {
    const { service, end } = await listening(t, { dev: false, flags: { metrics_port: 0 } });
    await search(service.url);
    const text = await (await fetch(`${service.metricsUrl}/metrics`)).text();
    assert.match(text, /^hybridrag_store_up 1$/m);
    assert.equal((await fetch(`${service.url}/metrics`)).status, 401);
    await end();
  });
});

describe("the client of OpenAI", () => {
  const question = [{ role: "user" as const, content: "How many burrows did the puffin colony count in 2024?" }];

  test("gets an answer with citations, and streams one", async (t) => {
    const { service, end } = await listening(t);
    const openai = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: "unused", maxRetries: 0 });
    const models = await openai.models.list();
    assert.ok(models.data.some(({ id }) => id === "hybridrag"));
    const whole = await openai.chat.completions.create({ model: "hybridrag", messages: question, temperature: 0.2 });
    assert.match(whole.choices[0]!.message.content!, /412/);
    assert.equal((whole as unknown as { citations: { title: string }[] }).citations[0]!.title, "birds.md");
    const stream = await openai.chat.completions.create({
      model: "hybridrag-text",
      messages: question,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    const citations: unknown[] = [];
    let finish: string | null = null;
    let usage: unknown = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      if (finish !== null && "citations" in chunk) citations.push(...(chunk.citations as unknown[]));
      usage = chunk.usage ?? usage;
    }
    assert.match(text, /412/);
    assert.deepEqual([finish, citations.length > 0, usage !== null], ["stop", true, true]);
    await end();
  });

  test("gets the message of a refusal", async (t) => {
    const { service, end } = await listening(t);
    const openai = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: "unused", maxRetries: 0 });
    const wrong = openai.chat.completions.create({ model: "hybridrag", messages: [{ role: "system", content: "x" }] });
    await assert.rejects(wrong, /No message has the role user/);
    await end();
  });

  test("is understood from the messages it brings", async (t) => {
    const { service, bed, end } = await listening(t);
    await ingestTexts(bed, ownerScope("default"), {
      "guillemots.md": "# Guillemot\n\nThe Common Guillemot breeds on Lundy. It lays one pointed egg.",
    });
    const openai = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: "unused", maxRetries: 0 });
    const answer = await openai.chat.completions.create({
      model: "hybridrag",
      messages: [
        { role: "user", content: "Where does the Common Guillemot breed?" },
        { role: "assistant", content: "On Lundy." },
        { role: "user", content: "What does it lay?" },
      ],
    });
    const { citations } = answer as unknown as { citations: { title: string }[] };
    assert.equal(citations[0]!.title, "guillemots.md");
    await end();
  });
});
