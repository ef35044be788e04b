import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { findRate } from "./find-rate.ts";
import { judge } from "./gates.ts";
import { httpSender } from "./http-sender.ts";
import { openLoop } from "./open-loop.ts";

const now = () => performance.now();
const plan = { requests: 100, rate: 2000, maxInFlight: 1000 };

const report = {
  requests: 10_000,
  seconds: 100,
  answered_per_second: 100,
  p50_ms: 20,
  p95_ms: 90,
  p99_ms: 1000,
  max_ms: 2000,
  errors: 9,
  error_rate: 0.0009,
  outcomes: {},
};

describe("the load test", () => {
  test("charges a stall to every request that had to wait for it, not only to the one that met it", async () => {
    let stalled: Promise<void> | null = null;
    const send = async (): Promise<string> => {
      stalled ??= new Promise((resolve) => {
        setTimeout(resolve, 60);
      });
      await stalled;
      return "200";
    };
    const { p50_ms, max_ms, requests } = await openLoop(plan, send, now);
    assert.equal(requests, 100);
    assert.ok(p50_ms > 20, `p50 ${p50_ms}`);
    assert.ok(max_ms >= 55, `longest ${max_ms}`);
  });

  test("counts what is not 200 as failed, and what was not sent because too much was in flight", async () => {
    const failing = await openLoop(plan, async (index) => (index % 4 === 0 ? "503" : "200"), now);
    assert.deepEqual([failing.errors, failing.error_rate, failing.outcomes], [25, 0.25, { "503": 25, "200": 75 }]);
    const never = new Promise<string>((resolve) => {
      setTimeout(() => resolve("200"), 150);
    });
    const flooded = await openLoop({ ...plan, maxInFlight: 10 }, () => never, now);
    assert.deepEqual(flooded.outcomes, { "too many in flight": 90, "200": 10 });
  });

  test("finds the highest rate that is held, from below", async () => {
    const tried: number[] = [];
    const machine = (most: number) => async (rate: number) => {
      tried.push(rate);
      return { rate, ok: rate <= most, report };
    };
    const { sustained } = await findRate(10, 0.1, machine(97));
    assert.deepEqual(tried, [10, 20, 40, 80, 160, 120, 100, 90, 95]);
    assert.equal(sustained?.rate, 95);
    assert.equal((await findRate(10, 0.1, machine(9))).sustained, null);
  });

  test("holds a report to the gates", () => {
    const verdicts = judge(report, { p50Ms: 200, p99Ms: 1000, errorRate: 0.001 });
    assert.deepEqual(
      verdicts.map(({ ok }) => ok),
      [true, false, true],
    );
  });

  test("sends its key and bodies over kept connections, and names what went wrong", async (t) => {
    const ports = new Set<number | undefined>();
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      ports.add(request.socket.remotePort);
      let text = "";
      request.on("data", (piece) => (text += String(piece)));
      request.on("end", () => {
        seen.push([request.headers.authorization, JSON.parse(text)]);
        response.writeHead(seen.length === 3 ? 500 : 200).end("x".repeat(100_000));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/search`);
    const { send, close } = httpSender({ url, apiKey: "k", timeoutMs: 1000, body: (index) => ({ index }) });
    const outcomes = [await send(0), await send(1), await send(2)];
    close();
    assert.deepEqual([outcomes, ports.size, seen[0]], [["200", "200", "500"], 1, ["Bearer k", { index: 0 }]]);
    const nobody = httpSender({
      url: new URL("http://127.0.0.1:9"),
      apiKey: undefined,
      timeoutMs: 1000,
      body: () => 1,
    });
    assert.equal(await nobody.send(0), "ECONNREFUSED");
    nobody.close();
  });
});
