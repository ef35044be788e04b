import { readFileSync } from "node:fs";

/**
 * The parent, its parent and the one above: with `npm run` the parent is a shell and the next is npm, and neither
 * ends when whoever called npm does. A change means that one of them has died. Where there is no /proc, only the
 * parent is known.
 */
export function lineage(): readonly number[] {
  const ids = [process.ppid];
  while (ids.length < 3) {
    const next = parentOf(ids.at(-1) ?? 0);
    if (next === null || next <= 1) break;
    ids.push(next);
  }
  return ids;
}

function parentOf(id: number): number | null {
  try {
    const found = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
