import { createHash, type Hash } from "node:crypto";
import type { ArchiveCounts, WrittenRecord } from "./record.ts";

/**
 * A line is `{"sha256":"…","record":…}`: JSON of its own, whose checksum is that of the bytes of the record as they
 * stand there, so that a reader checks them before it parses them.
 */
export const sealPrefix = (sha256: string): string => `{"sha256":"${sha256}","record":`;
export const sealSuffix = "}";
export const prefixLength = sealPrefix("0".repeat(64)).length;

export const sha256Of = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const noCounts: ArchiveCounts = { documents: 0, chunks: 0, sessions: 0, messages: 0, memories: 0, edits: 0 };

export function countRecord(counts: ArchiveCounts, record: WrittenRecord): ArchiveCounts {
  switch (record.kind) {
    case "document":
      return { ...counts, documents: counts.documents + 1 };
    case "chunks":
      return { ...counts, chunks: counts.chunks + record.chunks.length };
    case "session":
      return { ...counts, sessions: counts.sessions + 1 };
    case "messages":
      return { ...counts, messages: counts.messages + record.messages.length };
    case "memory":
      return { ...counts, memories: counts.memories + 1 };
    case "edits":
      return { ...counts, edits: counts.edits + record.edits.length };
    default:
      return counts;
  }
}

export interface SealedLine {
  readonly text: string;
  /** It is the first of a document, a session or a memory, holds the edits, or the last of all: what is before it is whole. */
  readonly startsWhole: boolean;
}

const continuing: ReadonlySet<WrittenRecord["kind"]> = new Set(["text", "chunks", "messages"]);

/**
 * Lines of an archive, the footer last. `told` hears the counts after each record; both counts and checksum go on from
 * what is written already.
 */
export async function* sealed(
  records: AsyncIterable<WrittenRecord>,
  told: (counts: ArchiveCounts) => void,
  { counts = noCounts, overall = createHash("sha256") }: { readonly counts?: ArchiveCounts; readonly overall?: Hash },
): AsyncGenerator<SealedLine, void> {
  for await (const record of records) {
    const json = JSON.stringify(record);
    const sha256 = sha256Of(json);
    overall.update(sha256);
    counts = countRecord(counts, record);
    told(counts);
    yield { text: line(json, sha256), startsWhole: !continuing.has(record.kind) };
  }
  const footer = JSON.stringify({ kind: "footer", counts, sha256: overall.digest("hex") });
  yield { text: line(footer, sha256Of(footer)), startsWhole: true };
}

const line = (json: string, sha256: string): string => `${sealPrefix(sha256)}${json}${sealSuffix}\n`;
