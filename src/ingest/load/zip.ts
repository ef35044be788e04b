import { fromBuffer, type Entry, type ZipFile } from "yauzl";
import { tooLarge, unreadable } from "./refusal.ts";

/** What an archive inside a document may hold before it counts as an attack. */
interface ZipLimits {
  readonly entries: number;
  /** Bytes, all entries together. */
  readonly inflatedBytes: number;
  /** Inflated to packed, per entry; small entries may pass it. */
  readonly ratio: number;
}

const zipLimits: ZipLimits = { entries: 10_000, inflatedBytes: 200 * 2 ** 20, ratio: 200 };
const ratioFreeBytes = 2 ** 20;

/** The entries' names; checks all limits against the directory of the archive. */
export async function zipNames(bytes: Uint8Array, name: string): Promise<readonly string[]> {
  return (await listEntries(bytes, name)).entries.map((entry) => entry.fileName);
}

/** Reads the entries whose names `wanted` accepts. Sizes are checked while inflating, not only as declared. */
export async function readZip(
  bytes: Uint8Array,
  name: string,
  wanted: (path: string) => boolean,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { zip, entries } = await listEntries(bytes, name);
  const contents = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (!wanted(entry.fileName) || entry.fileName.endsWith("/")) continue;
    if (entry.isEncrypted()) throw unreadable(name, "it is encrypted; remove the password first");
    contents.set(entry.fileName, await inflate(zip, entry, name));
  }
  return contents;
}

async function listEntries(bytes: Uint8Array, name: string): Promise<{ zip: ZipFile; entries: readonly Entry[] }> {
  const zip = await open(bytes, name);
  if (zip.entryCount > zipLimits.entries) {
    throw tooLarge(name, "the number of files inside", zip.entryCount, zipLimits.entries);
  }
  const entries = await new Promise<Entry[]>((resolve, reject) => {
    const found: Entry[] = [];
    zip.on("entry", (entry: Entry) => {
      found.push(entry);
      zip.readEntry();
    });
    zip.on("end", () => resolve(found));
    zip.on("error", (error: Error) => reject(unreadable(name, "its archive is damaged", error)));
    zip.readEntry();
  });
  checkSizes(entries, name);
  return { zip, entries };
}

function checkSizes(entries: readonly Entry[], name: string): void {
  const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (total > zipLimits.inflatedBytes) throw tooLarge(name, "its unpacked size", total, zipLimits.inflatedBytes);
  const bomb = entries.find(
    (entry) =>
      entry.uncompressedSize > ratioFreeBytes && entry.uncompressedSize > zipLimits.ratio * entry.compressedSize,
  );
  if (bomb) throw tooLarge(name, "the ratio of unpacked to packed size", ratioOf(bomb), zipLimits.ratio);
}

const ratioOf = (entry: Entry): number => Math.round(entry.uncompressedSize / Math.max(1, entry.compressedSize));

const open = (bytes: Uint8Array, name: string): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    fromBuffer(buffer, { lazyEntries: true, validateEntrySizes: true }, (error, zip) =>
      error ? reject(unreadable(name, "its archive is damaged or cut off", error)) : resolve(zip),
    );
  });

const inflate = (zip: ZipFile, entry: Entry, name: string): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const damaged = (error: unknown): void => reject(unreadable(name, `${entry.fileName} inside is damaged`, error));
    zip.openReadStream(entry, (error, stream) => {
      if (error) return damaged(error);
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", damaged);
      stream.on("end", () => resolve(Buffer.concat(parts)));
    });
  });
