import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { selfSigned } from "./certificate.ts";
import { endsWithUs } from "./ends-with-us.ts";

/** The name that the shipped configurations answer to. */
export const publicHost = "rag.example.com";

export interface BalancerKind {
  readonly binary: "nginx" | "haproxy";
  readonly file: string;
  /** The configuration that is shipped, with the addresses of this machine. */
  readonly adapt: (text: string, place: Place) => string;
  readonly args: (folder: string) => readonly string[];
}

interface Place {
  readonly folder: string;
  readonly plainPort: number;
  readonly port: number;
  readonly servers: readonly string[];
  readonly requestsPerSecond: number | null;
}

const withServers = (text: string, { servers }: Place): string =>
  servers.reduce((all, address, index) => all.replace(`10.0.0.${11 + index}:8080`, address), text);

const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

export const nginx: BalancerKind = {
  binary: "nginx",
  file: "deploy/nginx/hybridrag.conf",
  adapt: (text, place) =>
    [
      `pid ${place.folder}/pid; error_log ${place.folder}/error.log; worker_processes 1; events {} http { access_log off;`,
      ...temporary.map((kind) => `${kind}_temp_path ${place.folder}/${kind};`),
      withServers(text, place)
        .replace("listen 80;", `listen 127.0.0.1:${place.plainPort};`)
        .replace("listen 443 ssl http2;", `listen 127.0.0.1:${place.port} ssl http2;`)
        .replace("rate=50r/s", `rate=${place.requestsPerSecond ?? 50}r/s`)
        .replace("burst=100", `burst=${(place.requestsPerSecond ?? 50) * 2}`)
        .replaceAll("/etc/ssl/hybridrag/", `${place.folder}/`),
      "}",
    ].join("\n"),
  args: (folder) => ["-p", folder, "-c", join(folder, "config"), "-e", join(folder, "error.log"), "-g", "daemon off;"],
};

export const haproxy: BalancerKind = {
  binary: "haproxy",
  file: "deploy/haproxy/haproxy.cfg",
  adapt: (text, place) =>
    withServers(text, place)
      .replace("bind :80", `bind 127.0.0.1:${place.plainPort}`)
      .replace("bind :443", `bind 127.0.0.1:${place.port}`)
      .replaceAll("/etc/ssl/hybridrag/", `${place.folder}/`),
  args: (folder) => ["-db", "-f", join(folder, "config")],
};

export interface Balancer {
  readonly port: number;
  /** What clients shall trust. */
  readonly certificate: string;
  close(): Promise<void>;
}

/**
 * Starts a balancer with the configuration of `deploy/` before these servers (`host:port`), on loopback with TLS.
 * @param requestsPerSecond of one address; null is what the configuration says.
 */
export async function startBalancer(
  kind: BalancerKind,
  servers: readonly string[],
  requestsPerSecond: number | null = null,
): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), "hybridrag-balancer-"));
  const certificate = selfSigned(folder, publicHost);
  const [plainPort, port] = [await freePort(), await freePort()];
  const shipped = readFileSync(fileURLToPath(new URL(`../../../${kind.file}`, import.meta.url)), "utf8");
  const place = { folder, plainPort, port, servers, requestsPerSecond };
  writeFileSync(join(folder, "config"), kind.adapt(shipped, place));
  const child = spawn(kind.binary, kind.args(folder), { stdio: ["ignore", "ignore", "pipe"] });
  endsWithUs(child);
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  const close = async (): Promise<void> => {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    child.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    if (await isOpen(port)) return { port, certificate, close };
    await sleep(50);
  }
  await close();
  throw new Error(`${kind.binary} does not listen: ${said}`);
}

export async function freePort(): Promise<number> {
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
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
