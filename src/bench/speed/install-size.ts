import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Megabytes (10⁶ bytes) that production dependencies take, peers left out; the largest packages first. */
export function installSize(): { readonly total_mb: number; readonly largest: readonly (readonly [string, number])[] } {
  const listed = execFileSync("npm", ["ls", "--omit=dev", "--omit=peer", "--all", "--parseable"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const folders = [...new Set(listed.split("\n").filter((path) => path.includes("node_modules")))];
  const sizes = folders.map((path) => [path.split("node_modules/").at(-1)!, bytesIn(path) / 1e6] as const);
  return {
    total_mb: sizes.reduce((sum, [, size]) => sum + size, 0),
    largest: sizes.toSorted((a, b) => b[1] - a[1]).slice(0, 5),
  };
}

/** Packages within packages are listed on their own. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? sum : sum + bytesIn(path);
    return sum + (entry.isFile() ? statSync(path).size : 0);
  }, 0);
}
