import { createHash, type Hash } from "node:crypto";
import { truncate } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { readMark } from "./members.ts";
import { partRecords } from "./read-archive.ts";
import { bodySchema, type ArchiveCounts, type WrittenRecord } from "./record.ts";
import { countRecord, noCounts } from "./seal.ts";

/** What an export before has written, and what is still to be written behind it. */
export interface Unfinished {
  readonly counts: ArchiveCounts;
  /** Over the checksums of its lines. */
  readonly overall: Hash;
  readonly lines: number;
  /** Documents, sessions and memories. */
  readonly wholes: number;
}

/** The first record of something whole, as a listing says it is now. */
export type Head = Extract<WrittenRecord, { readonly kind: "header" | "edits" | "document" | "session" | "memory" }>;

const headKinds: ReadonlySet<string> = new Set<Head["kind"]>(["header", "edits", "document", "session", "memory"]);

/**
 * Takes up the file that an export before left, where everything in it is what the store has now, in the same order:
 * `heads` is read as far as the file goes. Null where it is not, or is damaged: then all is begun anew. The file is cut
 * to what is whole.
 */
export async function takeUp(
  part: string,
  heads: AsyncIterator<Head>,
  signal: AbortSignal | undefined,
): Promise<Unfinished | null> {
  const mark = await readMark(part);
  if (mark === null) return null;
  await truncate(part, mark.bytes);
  const overall = createHash("sha256");
  let counts = noCounts;
  let [lines, wholes] = [0, 0];
  try {
    for await (const { json, sha256 } of partRecords(part, signal)) {
      const record = JSON.parse(json) as WrittenRecord;
      if (isHead(record)) {
        if (!isSame(record, await heads.next())) return null;
        wholes += record.kind === "header" || record.kind === "edits" ? 0 : 1;
      } else {
        bodySchema.parse(record);
      }
      counts = countRecord(counts, record);
      overall.update(sha256);
      lines += 1;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (isOfStore(error)) throw error;
    return null;
  }
  return lines === mark.lines ? { counts, overall, lines, wholes } : null;
}

const isHead = (record: WrittenRecord): record is Head => headKinds.has(record.kind);

const isSame = (record: Head, { done, value }: IteratorResult<Head, unknown>): boolean =>
  done !== true && isDeepStrictEqual(record, JSON.parse(JSON.stringify(value)));

/** A store that fails is no reason to begin anew. */
const isOfStore = (error: unknown): boolean =>
  ["store_failed", "store_unreachable", "deadline_exceeded", "overloaded"].includes(
    String((error as { readonly code?: unknown }).code),
  );
