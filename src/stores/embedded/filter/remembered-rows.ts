import { LRUCache } from "lru-cache";
import type { Filter } from "../../../filter/filter.ts";
import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import { all, bytesOf, intersect, type Allowed } from "./allowed-set.ts";
import { rowsThatMatch } from "./evaluate-filter.ts";
import { lastNumber } from "./last-number.ts";
import { readableRows, type ReadableRows } from "./readable-rows.ts";

/** As long as no metadata object and no document was added, all that was found out is exact. */
interface Remembered {
  readonly metadata: number;
  readonly documents: number;
  readonly allowed: Allowed;
}

type FindRows = (db: Database, tenant: number, scope: Scope, filter: Filter | null) => Allowed;

/** What one connection remembers at most, in bytes. */
const mostBytes = 16_000_000;
/** Filters that are longer than this as JSON are decided anew each time. */
const longestKey = 10_000;
/** Of an entry beside its bits. */
const overhead = 500;

/**
 * `allowedRows` over a connection that only reads. A set stays exact while no metadata object and no document is added:
 * both are written once and never changed, their numbers are given once, and a bit of one that is gone is a bit that no
 * row has. The same set is the same object.
 */
export function rememberedRows(): FindRows {
  const sets = new LRUCache<string, Remembered>({
    maxSize: mostBytes,
    sizeCalculation: ({ allowed }, key) => overhead + 2 * key.length + bytesOf(allowed),
  });
  const readable = new LRUCache<string, ReadableRows>({
    maxSize: mostBytes,
    sizeCalculation: ({ bits }, key) => overhead + 2 * key.length + bits.words.byteLength,
  });

  function readableTo(db: Database, tenant: number, scope: Scope, upTo: number): Allowed {
    if (scope.principals === "all") return all;
    const key = keyOf(tenant, scope, null);
    const before = readable.get(key);
    const rows = before?.upTo === upTo ? before : readableRows(db, tenant, scope, upTo, before);
    if (rows !== before && key.length <= longestKey) readable.set(key, rows);
    return { of: "metadata", bits: rows.bits };
  }

  return (db, tenant, scope, filter) => {
    if (scope.principals === "all" && filter === null) return all;
    const key = keyOf(tenant, scope, filter);
    const metadata = lastNumber(db, "metadata");
    const documents = filter === null ? 0 : lastNumber(db, "documents");
    const known = sets.get(key);
    if (known?.metadata === metadata && known.documents === documents) return known.allowed;
    const matching = filter === null ? all : rowsThatMatch(db, tenant, filter);
    const allowed = intersect([readableTo(db, tenant, scope, metadata), matching]);
    if (key.length <= longestKey) sets.set(key, { metadata, documents, allowed });
    return allowed;
  };
}

const keyOf = (tenant: number, { principals }: Scope, filter: Filter | null): string =>
  JSON.stringify([tenant, principals === "all" ? null : principals.toSorted(), filter], finite);

/** JSON has no number that is not finite: it would be taken for null. */
const finite = (_name: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? { number: `${value}` } : value;
