import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve, sep } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { HybridRAGError } from "../errors.ts";
import type { Metadata } from "../records.ts";
import { tooLarge } from "./load/refusal.ts";
import { documentIdOf } from "./identity.ts";
import type { PageFetcher } from "../ports/page-fetcher.ts";
import { parseMetadata } from "./metadata.ts";
import { holdsPassword, nameOfAddress, readPage, webAddressOf, withoutPassword } from "./web-item.ts";

/**
 * A document that is not a file: `text` is stored as it is, `bytes` go to a reader (standard input, uploads). With
 * neither, `source` is a web address that is fetched.
 */
export interface GivenDocument {
  /** Where it is from: shown with citations, and its identity when no id is given. */
  readonly source: string;
  readonly document_id?: string;
  readonly title?: string;
  readonly mime?: string;
  readonly metadata?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

/** A path, folder, glob pattern or web address, or a document given in memory. */
export type IngestSource = string | GivenDocument;

export interface ItemContent {
  /** Text that needs no reader, or bytes that do. */
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** SHA-256 of either. */
  readonly hash: string;
  /** What the web calls it, where the item cannot know before it is read. */
  readonly name?: string;
  readonly mime?: string;
}

/** One document on its way into the store. */
export interface Item {
  readonly path: string;
  readonly source: string;
  readonly document_id: string;
  readonly title: string | null;
  readonly mime: string | null;
  readonly metadata: Metadata;
  /** Decides the format, and the title when nothing better is known. */
  readonly name: string;
  read(limits: { readonly maxFileBytes: number; readonly signal?: AbortSignal }): Promise<ItemContent>;
}

export interface Discovery {
  readonly items: readonly Item[];
  /** Absolute paths whose files can vanish. */
  readonly folders: readonly string[];
  /** Paths that lead to nothing. */
  readonly missing: readonly { readonly path: string; readonly reason: string; readonly document_id: string }[];
}

export interface DiscoverOptions {
  readonly tenant: string;
  /** Relative paths start here. */
  readonly cwd: string;
  readonly metadata: Metadata;
  /** Absent: addresses are not fetched. */
  readonly fetchPage?: PageFetcher | undefined;
}

const globOptions = { dot: false, onlyFiles: true, absolute: true, followSymbolicLinks: false } as const;
const ignored = ["**/node_modules/**"];

/** Finds all documents of the sources, each once, files in the order of their paths. Reads nothing. */
export async function discover(sources: readonly IngestSource[], options: DiscoverOptions): Promise<Discovery> {
  const items = new Map<string, Item>();
  const folders: string[] = [];
  const missing: { path: string; reason: string; document_id: string }[] = [];
  for (const source of sources) {
    if (typeof source !== "string") {
      const item = givenItem(source, options);
      items.set(item.document_id, item);
      continue;
    }
    const address = webAddressOf(source);
    if (address !== null && !holdsPassword(address)) {
      const item = givenItem({ source }, options);
      items.set(item.document_id, item);
      continue;
    }
    const found = address === null ? await findFiles(source, options.cwd) : withPassword;
    if (found.folder) folders.push(found.folder);
    const path = address === null ? source : withoutPassword(address);
    if (found.reason) missing.push({ path, reason: found.reason, document_id: documentIdOf(options.tenant, source) });
    for (const file of found.files.toSorted()) {
      const item = fileItem(file, options);
      items.set(item.document_id, item);
    }
  }
  return { items: [...items.values()], folders, missing };
}

interface Found {
  readonly files: readonly string[];
  readonly folder?: string;
  readonly reason?: string;
}

const withPassword: Found = { files: [], reason: "An address with a user or a password is not fetched." };

async function findFiles(source: string, cwd: string): Promise<Found> {
  const path = resolve(cwd, source);
  const stats = await stat(path).catch(() => null);
  if (stats?.isFile()) return { files: [path] };
  if (stats?.isDirectory()) {
    const files = await glob("**/*", { ...globOptions, cwd: path, ignore: ignored, expandDirectories: false });
    return { files: files.map((file) => resolve(file)), folder: path };
  }
  if (!stats && isDynamicPattern(source)) {
    const files = await glob(source, { ...globOptions, cwd, ignore: ignored, expandDirectories: false });
    if (files.length > 0) return { files: files.map((file) => resolve(file)) };
    return { files: [], reason: `No file matches ${source}.` };
  }
  return { files: [], reason: stats ? `${source} is neither a file nor a folder.` : `${source} does not exist.` };
}

/** A file's source is its absolute path with forward slashes: the same from every working directory. */
export const sourceOfPath = (path: string): string => (sep === "\\" ? path.replaceAll("\\", "/") : path);

function fileItem(path: string, options: DiscoverOptions): Item {
  const source = sourceOfPath(path);
  return {
    path,
    source,
    document_id: documentIdOf(options.tenant, source),
    title: null,
    mime: null,
    metadata: { ...options.metadata, source },
    name: basename(path),
    read: (limits) => readFile(path, limits),
  };
}

function givenItem(given: GivenDocument, options: DiscoverOptions): Item {
  const { source, text, bytes } = given;
  if (!source.trim()) throw invalid("source", "must not be empty");
  if (text !== undefined && bytes !== undefined) throw invalid("text", "or bytes must be given, one of them");
  const address = text === undefined && bytes === undefined ? webAddressOf(source) : null;
  if (text === undefined && bytes === undefined && (address === null || holdsPassword(address)))
    throw invalid("text", "must be given where source is no web address without a password");
  const metadata = parseMetadata(given.metadata);
  return {
    path: source,
    source,
    document_id: given.document_id ?? documentIdOf(options.tenant, source),
    title: given.title?.trim() || null,
    mime: given.mime ?? null,
    metadata: { ...options.metadata, ...metadata, source },
    name: address === null ? source.split(/[/\\]/u).at(-1) || source : nameOfAddress(address),
    read: async (limits) =>
      address !== null
        ? readPage(address, options.fetchPage, limits)
        : text === undefined
          ? { bytes: bytes ?? new Uint8Array(), hash: hashOf(bytes ?? new Uint8Array()) }
          : { text: text.toWellFormed().replaceAll("\0", "\uFFFD"), hash: hashOf(text) },
  };
}

/** In pieces, so that hashing a large file never holds the thread for long. */
async function readFile(
  path: string,
  { maxFileBytes, signal }: { readonly maxFileBytes: number; readonly signal?: AbortSignal },
): Promise<ItemContent> {
  const { size } = await stat(path);
  if (size > maxFileBytes) throw tooLarge(basename(path), "its size in bytes", size, maxFileBytes);
  const hash = createHash("sha256");
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20, ...(signal ? { signal } : {}) })) {
    const piece = part as Buffer;
    length += piece.length;
    if (length > maxFileBytes) throw tooLarge(basename(path), "its size in bytes", length, maxFileBytes);
    hash.update(piece);
    parts.push(piece);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, hash: hash.digest("hex") };
}

const hashOf = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

const invalid = (path: string, fault: string): HybridRAGError =>
  new HybridRAGError("invalid_input", `${path} ${fault}.`, { details: { path } });
