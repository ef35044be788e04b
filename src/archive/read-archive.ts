import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { z } from "zod";
import { isHybridRAGError } from "../errors.ts";
import type { IndexIdentity } from "../ports/store.ts";
import { damaged, fileError, gzipError, newer, notAnArchive, truncated } from "./archive-error.ts";
import {
  archiveFormat,
  bodySchema,
  footerSchema,
  headerSchema,
  type ArchiveCounts,
  type BodyRecord,
} from "./record.ts";
import { prefixLength, sealPrefix, sealSuffix, sha256Of } from "./seal.ts";

/** No line that was written is nearly as long, so a longer one need not be held. */
const longestLine = 256 * 2 ** 20;

export interface ArchiveSummary {
  readonly identity: IndexIdentity | null;
  readonly counts: ArchiveCounts;
}

/**
 * Reads an archive to its end and makes sure that every byte is what was written.
 *
 * @throws HybridRAGError `unreadable` (truncated, damaged, no archive), `data_newer`, `not_found`, `invalid_input`.
 */
export async function verifyArchive(path: string, signal?: AbortSignal): Promise<ArchiveSummary> {
  let first: string | null = null;
  let last = "";
  for await (const json of verifiedRecords(path, signal)) {
    first ??= json;
    last = json;
  }
  const header = parsed(headerSchema, first ?? "", 1);
  return { identity: header.identity, counts: parsed(footerSchema, last, null).counts };
}

/** The records between header and footer. Throws as `verifyArchive` does, where it meets the fault. */
export async function* archiveRecords(path: string, signal?: AbortSignal): AsyncGenerator<BodyRecord, void> {
  let number = 0;
  for await (const json of verifiedRecords(path, signal)) {
    number += 1;
    if (number > 1 && !isFooter(json)) yield parsed(bodySchema, json, number);
  }
}

/** Lines of an archive that is not finished, each checked by its own checksum. */
export async function* partRecords(
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly json: string; readonly sha256: string }, void> {
  let number = 0;
  for await (const line of linesOf(path, signal)) yield unsealed(line, ++number);
}

function parsed<T extends z.ZodType>(schema: T, json: string, number: number | null): z.infer<T> {
  const result = schema.safeParse(JSON.parse(json));
  if (result.success) return result.data;
  // The fault names fields and no text of the record.
  throw damaged(number);
}

const isFooter = (json: string): boolean => json.startsWith('{"kind":"footer",');

/** JSON of every record, header and footer among them, each checked by its own checksum and all by the last. */
async function* verifiedRecords(path: string, signal: AbortSignal | undefined): AsyncGenerator<string, void> {
  const overall = createHash("sha256");
  let number = 0;
  let isOver = false;
  try {
    for await (const line of linesOf(path, signal)) {
      number += 1;
      if (isOver) throw damaged(number);
      const { json, sha256 } = unsealed(line, number);
      if (number === 1) checkFormat(json);
      isOver = isFooter(json);
      if (isOver && parsed(footerSchema, json, number).sha256 !== overall.digest("hex")) throw damaged(null);
      if (!isOver) overall.update(sha256);
      yield json;
    }
  } catch (error) {
    throw isHybridRAGError(error) ? error : (gzipError(error, number) ?? fileError(path, "read", error));
  }
  if (!isOver) throw truncated();
}

/** A later format may have other records, but its first line stands as ours does and says which it is. */
function checkFormat(json: string): void {
  const header = JSON.parse(json) as { readonly kind?: unknown; readonly format?: unknown };
  if (header.kind !== "header" || typeof header.format !== "number") throw notAnArchive();
  if (header.format > archiveFormat) throw newer(header.format, archiveFormat);
}

function unsealed(line: Buffer, number: number): { readonly json: string; readonly sha256: string } {
  const body = line.subarray(prefixLength, line.length - sealSuffix.length);
  const sha256 = sha256Of(body);
  const isWhole =
    line.subarray(0, prefixLength).toString("latin1") === sealPrefix(sha256) &&
    line.subarray(prefixLength + body.length).toString("latin1") === sealSuffix;
  if (!isWhole) throw number === 1 ? notAnArchive() : damaged(number);
  return { json: body.toString("utf8"), sha256 };
}

const newline = 0x0a;

/** Lines without their ends. What follows the last end of line is part of a line that was cut. */
async function* linesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void> {
  const bytes = pipeline(createReadStream(path), createGunzip({ chunkSize: 2 ** 16 }), () => undefined);
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      held = 0;
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held > longestLine) throw notAnArchive();
  }
  if (held > 0) throw truncated();
}
