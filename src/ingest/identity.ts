import { createHash } from "node:crypto";
import type { Metadata } from "../records.ts";
import { loaderVersion } from "./load/loaded-document.ts";

const identityVersion = "1";

/** A document without an id of its own is known by its source, so the same file is the same document. */
export const documentIdOf = (tenant: string, source: string): string =>
  sha256(JSON.stringify([tenant, source])).slice(0, 24);

/** What decides a document's chunks and vectors, all of it known before the file is read. */
export interface ContentParts {
  /** SHA-256 of the bytes or of the text. */
  readonly bytes: string;
  readonly source: string;
  /** As given by the caller; null where the file decides. */
  readonly title: string | null;
  readonly mime: string | null;
  readonly metadata: Metadata;
  readonly chunker: string;
  readonly embedder: string;
  readonly extractor: string;
}

/** Equal hash: reading the file again would store the same thing. */
export const contentHash = (parts: ContentParts): string =>
  sha256(JSON.stringify([identityVersion, loaderVersion, sortKeys(parts)]));

/** The same object gives the same text, in whatever order its keys were set. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
