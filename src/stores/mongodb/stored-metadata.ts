import { createHash } from "node:crypto";
import { instantOf } from "../../filter/instant.ts";
import type { Metadata } from "../../records.ts";

/** One string for a list of names, whatever characters they have. */
export const identifierOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40);

/** The reader that stands for the whole tenant. */
const everyone = "*";

/** Who may read, as values that both search indexes can filter: nobody but the owner is an empty list. */
export function readersOf(metadata: Metadata): readonly string[] {
  const access = metadata["access"];
  if (access === undefined || access === null) return [everyone];
  if (!Array.isArray(access)) return [];
  return access.filter((principal): principal is string => typeof principal === "string").map(readerOf);
}

const readerOf = (principal: string): string => `p:${principal}`;

/** What a caller's chunks must have one of; null for the owner, who reads everything. */
export const readersFor = (principals: readonly string[] | "all"): readonly string[] | null =>
  principals === "all" ? null : [everyone, ...principals.map(readerOf)];

export interface StoredMetadata {
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The metadata as it was given; what is read back. */
  readonly metadata_json: string;
}

/**
 * Metadata as the indexes need it: the tenant inside, as in the guide, and instants as dates. The original text is kept
 * beside it, so that nothing is lost on the way back.
 */
export function storedMetadata(metadata: Metadata, tenant: string): StoredMetadata {
  const { tenant_id: _own, ...rest } = metadata;
  return {
    metadata: { ...(indexed(rest) as Record<string, unknown>), tenant_id: tenant },
    metadata_json: JSON.stringify(metadata),
  };
}

function indexed(value: unknown): unknown {
  if (typeof value === "string") return dateOf(value) ?? value;
  if (Array.isArray(value)) return value.map(indexed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => isFieldName(name))
      .map(([name, part]) => [name, indexed(part)]),
  );
}

/** Names that a filter can name; others are only carried along. */
const isFieldName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name) && name !== "__proto__";

/** An instant that a BSON date holds exactly; null for other text, and for instants finer than a millisecond. */
function dateOf(text: string): Date | null {
  const instant = instantOf(text);
  return instant !== null && Number.isInteger(instant) ? new Date(instant) : null;
}
