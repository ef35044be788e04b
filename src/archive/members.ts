import { createWriteStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { SealedLine } from "./seal.ts";

/** Vectors hardly shrink, so more work on them is lost. */
const gzipLevel = 3;
/** Lines that wait to be compressed; each is about a megabyte at most. */
const highWaterMark = 2;

/** How much of an unfinished archive is whole: an export that is run again goes on behind it. */
export interface Mark {
  readonly bytes: number;
  readonly lines: number;
}

const markOf = (part: string): string => `${part}.mark`;

/** @returns null where there is none, or nothing that could be one. */
export async function readMark(part: string): Promise<Mark | null> {
  try {
    const { bytes, lines } = JSON.parse(await readFile(markOf(part), "utf8")) as Partial<Mark>;
    const { size } = await stat(part);
    return Number.isInteger(bytes) && Number.isInteger(lines) && bytes! > 0 && bytes! <= size
      ? { bytes: bytes!, lines: lines! }
      : null;
  } catch {
    return null;
  }
}

export const removeMark = (part: string): Promise<void> => rm(markOf(part), { force: true });

async function writeMark(part: string, mark: Mark): Promise<void> {
  const draft = `${markOf(part)}.new`;
  await writeFile(draft, JSON.stringify(mark), { flush: true });
  await rename(draft, markOf(part));
}

/**
 * Appends lines to a file in gzip members of about so many characters (RFC 1952: members that follow each other are one
 * stream). Each ends before a record that something whole begins with, and is marked once it is on the disk.
 */
export async function appendMembers(
  part: string,
  lines: AsyncIterable<SealedLine>,
  {
    length,
    signal,
    written = 0,
  }: { readonly length: number; readonly signal?: AbortSignal; readonly written?: number },
): Promise<void> {
  const source = lines[Symbol.asyncIterator]();
  let count = written;
  let next = await source.next();
  async function* member(): AsyncGenerator<string, void> {
    for (let held = 0; !next.done; next = await source.next()) {
      const { text, startsWhole } = next.value;
      if (held >= length && startsWhole) return;
      held += text.length;
      count += 1;
      yield text;
    }
  }
  while (!next.done) {
    const target = createWriteStream(part, { flags: "a", flush: true });
    await pipeline(Readable.from(member(), { highWaterMark }), createGzip({ level: gzipLevel }), target, { signal });
    await writeMark(part, { bytes: (await stat(part)).size, lines: count });
  }
}
