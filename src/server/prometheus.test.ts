import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test, type TestContext } from "node:test";
import { ownerScope } from "../scope.ts";
import { isInstalled } from "../testing/production/certificate.ts";
import { startPrometheus } from "../testing/production/prometheus.ts";
import { startService, type Service } from "./serve.ts";
import { ingestTexts, openTestbed } from "./testbed.test.fixture.ts";

async function server(t: TestContext): Promise<Service> {
  const flags = { port: 0, metrics_port: 0, drain_delay_ms: 0, health_probe_seconds: 0.2 };
  const bed = await openTestbed({ dev: true, flags });
  await ingestTexts(bed, ownerScope("default"), { "birds.md": "# Birds\n\nThe puffin colony counted 412 burrows." });
  const service = await startService(bed.parts);
  t.after(() => service.stop().then(() => bed.close()));
  return service;
}

const post = (service: Service, path: string, body: object): Promise<number> =>
  fetch(`${service.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).then(async (answer) => {
    await answer.arrayBuffer();
    return answer.status;
  });

test("a real Prometheus scrapes three servers and finds the guide's names, labels and buckets", async (t) => {
  if (!isInstalled("prometheus")) return t.skip("prometheus is not installed");
  const services = await Promise.all([server(t), server(t), server(t)]);
  for (const service of services) {
    for (const mode of ["text", "text", "hybrid"])
      assert.equal(await post(service, "/v1/search", { query: "puffin", mode }), 200);
    assert.equal(await post(service, "/v1/search", { query: "x", mode: "text", filters: { $where: 1 } }), 400);
    assert.equal(await post(service, "/v1/sessions", { session_id: "s1" }), 201);
  }
  const prometheus = await startPrometheus(services.map(({ metricsUrl }) => new URL(metricsUrl!).host));
  t.after(prometheus.close);

  await prometheus.until("sum(up)", ([sum]) => sum!.value === 3);
  const one = async (expression: string): Promise<number> => (await prometheus.query(expression))[0]?.value ?? NaN;
  assert.equal(await one('sum(hybridrag_search_requests_total{search_type="text",status="success"})'), 6);
  assert.equal(await one('sum(hybridrag_search_requests_total{search_type="hybrid",status="success"})'), 3);
  assert.equal(await one('sum(hybridrag_search_requests_total{search_type="text",status="error"})'), 3);
  assert.equal(await one('sum(hybridrag_results_count_sum{search_type="text"})'), 6);
  assert.equal(await one('sum(hybridrag_search_latency_seconds_count{search_type="text"})'), 9);
  assert.ok((await one("histogram_quantile(0.5, sum by (le) (hybridrag_search_latency_seconds_bucket))")) < 10);
  await prometheus.until("sum(hybridrag_active_sessions)", ([sum]) => sum!.value === 3);

  const buckets = async (metric: string): Promise<readonly string[]> =>
    (await prometheus.query(`sum by (le) (${metric}_bucket{search_type="text"})`))
      .map(({ metric: { le } }) => le!)
      .toSorted((a, b) => Number(a.replace("+Inf", "Infinity")) - Number(b.replace("+Inf", "Infinity")));
  const seconds = ["0.01", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
  assert.deepEqual(await buckets("hybridrag_search_latency_seconds"), seconds);
  assert.deepEqual(await buckets("hybridrag_results_count"), ["0", "1", "5", "10", "20", "50", "100", "+Inf"]);
  const labels = (await prometheus.query("hybridrag_search_requests_total"))[0]!.metric;
  assert.deepEqual(
    Object.keys(labels).filter((name) => !["__name__", "instance", "job"].includes(name)),
    ["search_type", "status"],
  );
});

test("promtool finds nothing wrong with the metrics", async (t) => {
  if (!isInstalled("promtool")) return t.skip("promtool is not installed");
  const service = await server(t);
  await post(service, "/v1/search", { query: "puffin" });
  const input = await (await fetch(`${service.metricsUrl}/metrics`)).text();
  // Node's own metrics, which the client library names, are judged by others.
  const ours = input.split("\n").filter((line) => /^(# (HELP|TYPE) )?hybridrag_/.test(line));
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: `${ours.join("\n")}\n` });
  assert.equal(status, 0, `${String(stdout)}${String(stderr)}`);
});
