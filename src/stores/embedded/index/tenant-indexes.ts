import type { Analyzer } from "../../../text/analyze.ts";
import { searchableText } from "../../../text/searchable-text.ts";
import type { Database } from "../sqlite/database.ts";
import { readDimensions } from "../tables/identity.ts";
import { namesChanged } from "../tables/graph-edits.ts";
import { storedVector } from "../tables/document-rows.ts";
import { namesOfPassages } from "../graph/names-of-passages.ts";
import { emptyBase, type IndexBase } from "./index-base.ts";
import type { SnapshotFiles } from "./snapshot-files.ts";
import { tenantIndex, type IndexRow, type TenantIndex } from "./tenant-index.ts";

/** The indexes of one thread, made when a tenant is first searched. */
export interface TenantIndexes {
  /** The tenant's index exactly as of the transaction that `db` is in. */
  of(db: Database, tenant: number): TenantIndex;
  /** A newer base that another thread has made. */
  adopt(base: IndexBase): void;
}

interface TenantIndexesOptions {
  readonly analyzer: Analyzer;
  readonly files: SnapshotFiles;
  /** Told of a base that was read or built here, so that other threads can share it. */
  readonly onBase: (base: IndexBase) => void;
  /** Indexes kept at most; the one that was not used for longest goes first. */
  readonly most: number;
}

/** A base that was built from scratch is worth sharing from this many chunks on. */
export const sharedFrom = 1000;

export function tenantIndexes(options: TenantIndexesOptions): TenantIndexes {
  const indexes = new Map<number, TenantIndex>();
  const offered = new Map<number, IndexBase>();

  function of(db: Database, tenant: number): TenantIndex {
    const index = current(db, tenant);
    indexes.delete(tenant);
    indexes.set(tenant, index);
    if (indexes.size > options.most) forgetOldest();
    return index;
  }

  function forgetOldest(): void {
    const [oldest] = indexes.keys();
    indexes.delete(oldest!);
    offered.delete(oldest!);
  }

  function current(db: Database, tenant: number): TenantIndex {
    const dimensions = readDimensions(db) ?? 0;
    const state = logState(db, tenant);
    const known = indexes.get(tenant);
    const fits = (candidate: Datable | null | undefined): boolean =>
      !!candidate &&
      candidate.dimensions === dimensions &&
      candidate.seq >= state.logFloor &&
      candidate.seq <= state.seq;
    const offer = offered.get(tenant);
    const isNewer = offer && fits(offer) && offer.seq > (known?.base.seq ?? -1);
    const index = known && fits(known) && !isNewer ? reloaded(known, state) : begin();
    if (index.seq < state.seq) catchUp(db, index, state.seq);
    return index;

    function begin(): TenantIndex {
      if (offer && fits(offer)) return tenantIndex(offer, options.analyzer);
      const stored = !state.snapshot ? null : options.files.read(tenant, state.snapshot);
      if (!stored || !fits(stored)) return build(db, tenant, dimensions, state.seq);
      options.onBase(stored);
      return tenantIndex(stored, options.analyzer);
    }
  }

  /** A process that only reads never makes a base: it takes the writer's when its own changes have become many. */
  function reloaded(known: TenantIndex, { snapshot, seq }: LogState): TenantIndex {
    if (!snapshot || snapshot === known.base.snapshot) return known;
    if (known.changed < Math.max(sharedFrom, known.slots.size / 2)) return known;
    const stored = options.files.read(known.tenant, snapshot);
    if (!stored || stored.dimensions !== known.dimensions || stored.seq > seq) return known;
    options.onBase(stored);
    return tenantIndex(stored, options.analyzer);
  }

  /** Everything anew from the database: what a lost or damaged snapshot costs. */
  function build(db: Database, tenant: number, dimensions: number, seq: number): TenantIndex {
    const index = tenantIndex(emptyBase(tenant, dimensions), options.analyzer);
    addRows(db, index, 0);
    index.seq = seq;
    if (index.slots.size < sharedFrom) return index;
    const base = index.freeze("");
    options.onBase(base);
    return tenantIndex(base, options.analyzer);
  }

  return {
    of,
    adopt: (base) => {
      const before = offered.get(base.tenant);
      if (!before || base.seq > before.seq) offered.set(base.tenant, base);
    },
  };
}

type Datable = Pick<IndexBase, "dimensions" | "seq">;

interface LogState {
  /** The tenant's newest change. */
  readonly seq: number;
  readonly snapshot: string | null;
  readonly logFloor: number;
}

function logState(db: Database, tenant: number): LogState {
  const newest = db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM change_log WHERE tenant = ?", tenant);
  const stored = db.get<{ snapshot: string; seq: number; log_floor: number }>(
    "SELECT snapshot, seq, log_floor FROM index_snapshots WHERE tenant = ?",
    tenant,
  );
  return {
    seq: Math.max(newest?.seq ?? 0, stored?.seq ?? 0),
    snapshot: stored?.snapshot ?? null,
    logFloor: stored?.log_floor ?? 0,
  };
}

/** Chunks that are in the index and whose names an edit has changed since; texts and vectors stay. */
function rename(db: Database, index: TenantIndex): void {
  const rows = db.all<{ chunk_key: number; chunk_id: string }>(
    `SELECT DISTINCT c.chunk_key, c.chunk_id FROM change_log l JOIN chunks c USING (chunk_key)
     WHERE l.tenant = ? AND l.seq > ? AND l.added = ?`,
    index.tenant,
    index.seq,
    namesChanged,
  );
  const known = rows.filter((row) => index.slotOf(row.chunk_key) >= 0);
  for (let from = 0; from < known.length; from += rowsPerPortion) {
    const some = known.slice(from, from + rowsPerPortion);
    const keys = some.map((row) => row.chunk_key);
    const names = namesOfPassages(db, keys);
    index.rename(some.map((row) => ({ ...row, names: names.get(row.chunk_key) ?? [] })));
  }
}

/** Keys only ever grow, so what was added since are the chunks with a key above the newest known one. */
function catchUp(db: Database, index: TenantIndex, seq: number): void {
  const removed = db.all<{ chunk_key: number }>(
    "SELECT chunk_key FROM change_log WHERE tenant = ? AND seq > ? AND added = 0",
    index.tenant,
    index.seq,
  );
  index.remove(removed.map((row) => row.chunk_key));
  rename(db, index);
  addRows(db, index, index.slots.size === 0 ? 0 : index.slots.chunkKeys[index.slots.size - 1]!);
  index.seq = seq;
}

/** Rows are taken in portions, so that texts and vectors of a large tenant are never all in memory. */
const rowsPerPortion = 4096;

function addRows(db: Database, index: TenantIndex, after: number): void {
  let last = after;
  for (;;) {
    const rows = db.all<StoredRow>(
      `SELECT chunk_key, chunk_id, metadata_id, document_key, title, heading_path, content, vector FROM chunks
       WHERE tenant = ? AND chunk_key > ? ORDER BY chunk_key LIMIT ?`,
      index.tenant,
      last,
      rowsPerPortion,
    );
    if (rows.length > 0) {
      const names = namesOfPassages(
        db,
        rows.map((row) => row.chunk_key),
      );
      index.add(rows.map((row) => toIndexRow(row, names.get(row.chunk_key) ?? [])));
    }
    if (rows.length < rowsPerPortion) return;
    last = rows.at(-1)!.chunk_key;
  }
}

interface StoredRow extends Omit<IndexRow, "vector" | "names"> {
  readonly heading_path: string;
  readonly vector: Uint8Array | null;
}

/** The index counts the title by itself, so the rest of the searchable text goes beside it. */
function toIndexRow(row: StoredRow, names: IndexRow["names"]): IndexRow {
  const headings = (JSON.parse(row.heading_path) as readonly string[]).filter((heading) => heading !== row.title);
  const content = searchableText({ title: "", heading_path: headings, content: row.content });
  return { ...row, content, names, vector: row.vector && storedVector(row.vector) };
}
