import type { Database } from "../sqlite/database.ts";
import type { NamedPassage } from "./build-graph-segment.ts";
import { asTitle, inBody } from "./graph-segment.ts";

/** The names in these passages, each once; a passage without any is left out. */
export function namesOfPassages(
  db: Database,
  chunkKeys: readonly number[],
): ReadonlyMap<number, readonly NamedPassage[]> {
  const names = new Map<number, Map<string, number>>();
  const rows = db.each<{ chunk_key: number; entity: string; kind: string }>(
    "SELECT chunk_key, entity, kind FROM mentions WHERE chunk_key IN (SELECT value FROM json_each(?)) AND entity <> ''",
    JSON.stringify(chunkKeys),
  );
  for (const { chunk_key, entity, kind } of rows) {
    const own = names.get(chunk_key) ?? new Map<string, number>();
    names.set(chunk_key, own.set(entity, (own.get(entity) ?? 0) | (kind === "title" ? asTitle : inBody)));
  }
  return new Map([...names].map(([key, own]) => [key, Array.from(own, ([entity, flags]) => ({ entity, flags }))]));
}
