import { createHash } from "node:crypto";
import type { ArchiveCounts, WrittenRecord } from "./record.ts";

/**
 * A line is `{"sha256":"…","record":…}`: JSON of its own, whose checksum is that of the bytes of the record as they
 * stand there, so that a reader checks them before it parses them.
 */
export const sealPrefix = (sha256: string): string => `{"sha256":"${sha256}","record":`;
export const sealSuffix = "}";
export const prefixLength = sealPrefix("0".repeat(64)).length;

export const sha256Of = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const nothing: ArchiveCounts = { documents: 0, chunks: 0, sessions: 0, messages: 0, memories: 0 };

function counted(counts: ArchiveCounts, record: WrittenRecord): ArchiveCounts {
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
    default:
      return counts;
  }
}

/** Lines of an archive, the footer last. `told` hears the counts after each record. */
export async function* sealed(
  records: AsyncIterable<WrittenRecord>,
  told: (counts: ArchiveCounts) => void,
): AsyncGenerator<string, void> {
  const overall = createHash("sha256");
  let counts = nothing;
  for await (const record of records) {
    const json = JSON.stringify(record);
    const sha256 = sha256Of(json);
    overall.update(sha256);
    counts = counted(counts, record);
    told(counts);
    yield line(json, sha256);
  }
  const footer = JSON.stringify({ kind: "footer", counts, sha256: overall.digest("hex") });
  yield line(footer, sha256Of(footer));
}

const line = (json: string, sha256: string): string => `${sealPrefix(sha256)}${json}${sealSuffix}\n`;
