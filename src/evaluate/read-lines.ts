import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import type { z } from "zod";
import { HybridRAGError, messageOf } from "../errors.ts";

/** The first of these files that the folder has, plain or with `.gz`; null when it has none. */
export async function findFile(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names.flatMap((plain) => [plain, `${plain}.gz`])) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}

/** The lines of a file, unpacked when its name ends in `.gz`; blank ones are left out, numbers count from 1. */
export async function* readLines(path: string): AsyncGenerator<{ readonly line: string; readonly number: number }> {
  const file = createReadStream(path);
  const input = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== "") yield { line, number };
  }
}

/**
 * The records of a JSON Lines file.
 * @throws HybridRAGError `invalid_input` that names file and line.
 */
export async function readRecords<T extends z.ZodType>(path: string, schema: T): Promise<readonly z.output<T>[]> {
  const records: z.output<T>[] = [];
  for await (const { line, number } of readLines(path)) {
    try {
      records.push(schema.parse(JSON.parse(line)));
    } catch (error) {
      throw wrongLine(path, number, error);
    }
  }
  return records;
}

export const wrongLine = (path: string, number: number, cause: unknown): HybridRAGError =>
  new HybridRAGError("invalid_input", `${path}, line ${number} is not what a BEIR folder holds: ${messageOf(cause)}`, {
    cause,
    details: { path, line: number },
  });
