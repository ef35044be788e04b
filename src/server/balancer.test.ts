import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ownerScope } from "../scope.ts";
import { startService, type Service } from "./serve.ts";
import { eventsOf, ingestTexts, openTestbed } from "./testbed.test.fixture.ts";

interface Balancer {
  readonly binary: string;
  readonly file: string;
  /** The configuration that is shipped, with the addresses of this test. */
  readonly adapt: (text: string, place: Place) => string;
  readonly args: (folder: string) => readonly string[];
}

interface Place {
  readonly folder: string;
  readonly plainPort: number;
  readonly port: number;
  readonly servers: readonly string[];
}

const openssl = "openssl";

const withServers = (text: string, { servers }: Place): string =>
  servers.reduce((all, address, index) => all.replace(`10.0.0.${11 + index}:8080`, address), text);

const balancers: readonly Balancer[] = [
  {
    binary: "nginx",
    file: "deploy/nginx/hybridrag.conf",
    adapt: (text, place) =>
      [
        `pid ${place.folder}/pid; error_log ${place.folder}/error.log; events {} http { access_log off;`,
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
          (kind) => `${kind}_temp_path ${place.folder}/${kind};`,
        ),
        withServers(text, place)
          .replace("listen 80;", `listen 127.0.0.1:${place.plainPort};`)
          .replace("listen 443 ssl http2;", `listen 127.0.0.1:${place.port} ssl http2;`)
          .replaceAll("/etc/ssl/hybridrag/", `${place.folder}/`),
        "}",
      ].join("\n"),
    args: (folder) => ["-p", folder, "-c", join(folder, "config"), "-g", "daemon off;"],
  },
  {
    binary: "haproxy",
    file: "deploy/haproxy/haproxy.cfg",
    adapt: (text, place) =>
      withServers(text, place)
        .replace("bind :80", `bind 127.0.0.1:${place.plainPort}`)
        .replace("bind :443", `bind 127.0.0.1:${place.port}`)
        .replaceAll("/etc/ssl/hybridrag/", `${place.folder}/`),
    args: (folder) => ["-db", "-f", join(folder, "config")],
  },
];

for (const balancer of balancers) {
  test(`${balancer.binary} before three servers: HTTPS, streams, a limit, and a server that drains costs no request`, async (t) => {
    if ([openssl, balancer.binary].some((name) => spawnSync(name, ["-v"]).error)) {
      return t.skip(`${balancer.binary} or openssl is not installed`);
    }
    const services = await Promise.all([server(t), server(t), server(t)]);
    const port = await startBalancer(t, balancer, services);

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

async function startBalancer(t: TestContext, balancer: Balancer, services: readonly Service[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-balancer-"));
  const [key, certificate] = [join(folder, "privkey.pem"), join(folder, "fullchain.pem")];
  const name = ["-subj", "/CN=rag.example.com", "-days", "2"];
  spawnSync(openssl, ["req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out", certificate, ...name]);
  writeFileSync(join(folder, "combined.pem"), readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));
  const [plainPort, port] = [await freePort(), await freePort()];
  const servers = services.map(({ url }) => new URL(url).host);
  writeFileSync(
    join(folder, "config"),
    balancer.adapt(readFileSync(balancer.file, "utf8"), { folder, plainPort, port, servers }),
  );
  const child = spawn(balancer.binary, balancer.args(folder), { stdio: "pipe" });
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  t.after(async () => {
    const gone = child.exitCode === null ? once(child, "exit") : null;
    child.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true });
  });
  for (let tries = 0; tries < 100; tries++) {
    if (await isOpen(port)) return port;
    await sleep(50);
  }
  throw new Error(`${balancer.binary} does not listen: ${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

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
