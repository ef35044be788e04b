import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** The folder of judged collections: HYBRIDRAG_JUDGED_DATA, else `../shared/data` where there is one; else null. */
export function judgedDataFolder(environment: Readonly<Record<string, string | undefined>>): string | null {
  const given = environment["HYBRIDRAG_JUDGED_DATA"];
  if (given !== undefined && given !== "") return resolve(given);
  const beside = resolve("..", "shared", "data");
  return existsSync(beside) ? beside : null;
}
