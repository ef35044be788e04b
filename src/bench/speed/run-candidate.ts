import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Restriction, SearchKind } from "./candidate.ts";
import { corpusVersion } from "./corpus.ts";
import type { BlockReply, BuildReply, OpenReply, Order, Reply } from "./messages.ts";

/** A candidate that is open in its own process. */
export interface RunningCandidate {
  readonly name: string;
  readonly opened: OpenReply;
  block(kind: SearchKind, restriction: Restriction, from: number, count: number): Promise<BlockReply>;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL("./candidate-process.js", import.meta.url));

/** Makes the index of a candidate, or takes the kept one; says what making it took. */
export async function builtIndex(name: string, size: number, rebuild: boolean): Promise<BuildReply> {
  const folder = folderOf(name, size);
  const marker = join(folder, "..", `${slug(name)}-${size}.json`);
  if (!rebuild && existsSync(marker)) {
    const kept = JSON.parse(readFileSync(marker, "utf8")) as BuildReply & { readonly version: number };
    if (kept.version === corpusVersion) {
      await refresh(name, folder);
      return kept;
    }
  }
  rmSync(folder, { recursive: true, force: true });
  rmSync(marker, { force: true });
  mkdirSync(folder, { recursive: true });
  const child = startProcess();
  const built = await child.ask<BuildReply>({ type: "build", name, size, folder });
  await child.ask({ type: "close" });
  writeFileSync(marker, JSON.stringify({ ...built, version: corpusVersion }));
  return built;
}

async function refresh(name: string, folder: string): Promise<void> {
  const child = startProcess();
  await child.ask({ type: "refresh", name, folder });
  await child.ask({ type: "close" });
}

export async function openCandidate(name: string, size: number): Promise<RunningCandidate> {
  const child = startProcess();
  const opened = await child.ask<OpenReply>({ type: "open", name, size, folder: folderOf(name, size) });
  return {
    name,
    opened,
    block: (kind, restriction, from, count) => child.ask<BlockReply>({ type: "block", kind, restriction, from, count }),
    close: async () => {
      await child.ask({ type: "close" });
      await child.ended;
    },
  };
}

const slug = (name: string): string => name.replaceAll(/[^a-z0-9]+/g, "-");
export const folderOf = (name: string, size: number): string =>
  join(".hybridrag", "bench-speed", `${slug(name)}-${size}`);

function startProcess() {
  const child = fork(program, {
    // LanceDB warns of a coming change at every query; what goes wrong comes as a message.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: ["--max-old-space-size=8192"],
  });
  const ended = once(child, "exit");
  return {
    ended,
    ask: async <T>(order: Order): Promise<T> => {
      const answered = once(child, "message");
      child.send(order);
      const [reply] = (await Promise.race([answered, ended.then(() => [null])])) as [Reply | null];
      if (reply === null) throw new Error(`The process ended during ${order.type}.`);
      if (!reply.ok) throw new Error(reply.error);
      return reply.value as T;
    },
  };
}
