import { access, constants, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { engineOf } from "../open-store.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const oldestNode = [22, 13] as const;
const gigabyte = 1e9;

/** Node, and for the embedded engine its folder and its disk. */
export function machineChecks(config: Config): readonly Check[] {
  const node: Check = { id: "machine.node", area: "machine", run: async () => nodeFinding(process.versions.node) };
  if (engineOf(config) === "mongodb") return [node];
  const directory = resolve(config.data_dir);
  return [
    node,
    {
      id: "machine.data",
      area: "machine",
      run: async () => {
        const there = await nearestFolder(directory);
        await access(there, constants.W_OK);
        const { bavail, bsize } = await statfs(there);
        const free = (bavail * bsize) / gigabyte;
        const message = `${directory} can be written; ${free.toFixed(1)} GB are free.`;
        return free > 1
          ? ok(message)
          : warning(message, "Free some space, or move the folder with HYBRIDRAG_DATA_DIR.");
      },
    },
  ];
}

/** The folder itself, or what is there of the way to it. */
async function nearestFolder(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : nearestFolder(dirname(path));
}

function nodeFinding(version: string) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return isNew
    ? ok(`Node ${version}.`)
    : failed(`Node ${version} is too old.`, `Install Node ${oldestNode.join(".")} or newer.`);
}
