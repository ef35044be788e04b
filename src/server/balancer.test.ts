import assert from "node:assert/strict";
import https from "node:https";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ownerScope } from "../scope.ts";
import { haproxy, nginx, startBalancer } from "../testing/production/balancer.ts";
import { isInstalled } from "../testing/production/certificate.ts";
import { startService, type Service } from "./serve.ts";
import { eventsOf, ingestTexts, openTestbed } from "./testbed.test.fixture.ts";

for (const balancer of [nginx, haproxy]) {
  test(`${balancer.binary} before three servers: HTTPS, streams, a limit, and a server that drains costs no request`, async (t) => {
    if (!["openssl", balancer.binary].every(isInstalled)) {
      return t.skip(`${balancer.binary} or openssl is not installed`);
    }
    const services = await Promise.all([server(t), server(t), server(t)]);
    const servers = services.map(({ url }) => new URL(url).host);
    const { port, close } = await startBalancer(balancer, servers);
    t.after(close);

    const found = await ask(port, "/v1/search", { query: "puffin" });
    assert.equal(found.status, 200);
    assert.equal((await ask(port, "/readyz", null)).status, 404, "health is not shown outside");
    const stream = await ask(port, "/v1/query", { query: "How many burrows?" }, "text/event-stream");
    assert.deepEqual([eventsOf(stream.text)[0]?.event, eventsOf(stream.text).at(-1)?.event], ["sources", "end"]);

    const statuses: Record<string, number> = {};
    const stopped = new AbortController();
    const client = async (): Promise<void> => {
      while (!stopped.signal.aborted) {
        const { status } = await ask(port, "/v1/search", { query: "puffin" });
        statuses[status] = (statuses[status] ?? 0) + 1;
        await sleep(100);
      }
    };
    const clients = [client(), client(), client()];
    await sleep(300);
    await services[0]!.stop();
    await sleep(300);
    stopped.abort();
    await Promise.all(clients);
    assert.deepEqual(Object.keys(statuses), ["200"], JSON.stringify(statuses));

    const flood = await Promise.all(Array.from({ length: 250 }, () => ask(port, "/v1/models", null)));
    assert.ok(flood.some(({ status }) => status === 429));
    // A busy machine may shed what the limit let through: that is 503, and still an answer.
    assert.deepEqual(
      flood.map(({ status }) => status).filter((status) => ![200, 429, 503].includes(status)),
      [],
    );
  });
}

async function server(t: TestContext): Promise<Service> {
  const flags = { port: 0, drain_delay_ms: 2500, trusted_proxies: "127.0.0.1" };
  const bed = await openTestbed({ dev: true, flags });
  await ingestTexts(bed, ownerScope("default"), { "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows." });
  const service = await startService(bed.parts);
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= service.stop().then(() => bed.close()));
  t.after(stop);
  return { ...service, stop };
}

function ask(
  port: number,
  path: string,
  body: unknown,
  accept = "application/json",
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = https.request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: body === null ? "GET" : "POST",
        rejectUnauthorized: false,
        headers: { host: "rag.example.com", accept, ...(body === null ? {} : { "content-type": "application/json" }) },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body === null ? undefined : JSON.stringify(body));
  });
}
