import { randomUUID } from "node:crypto";
import { ownerScope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import { storedVector } from "../tables/document-rows.ts";
import { tenantOf } from "../tables/tenants.ts";
import type { ReadContext, CallContext } from "../workers/context.ts";
import { attachCodeTable } from "../vector/code-table.ts";
import { bitsOfCodes } from "../vector/bits-of-codes.ts";
import type { IndexBase } from "./index-base.ts";
import type { StoredPassage } from "./passage-file.ts";
import { sharedFrom } from "./tenant-indexes.ts";

export interface Frozen {
  readonly tenant: number;
  readonly snapshot: string;
  readonly seq: number;
  readonly chunks: number;
}

/**
 * Makes a compact base of a tenant's index and writes it to its file. The file counts only once `commitIndex` has
 * named it, so a crash in between costs nothing. Small indexes get no file: building them is as quick.
 *
 * @param tenantName or the tenant's key in the database.
 * @param leastShare of the chunks must have changed since the base there is.
 * @param bitsFrom so many chunks on it gets bits and a file of passages.
 */
export function freezeIndex(
  { db, indexes, files, share }: ReadContext,
  tenantName: string | number,
  leastShare: number,
  bitsFrom = manyVectors,
): Frozen | null {
  const tenant = typeof tenantName === "number" ? tenantName : tenantOf(db, ownerScope(tenantName));
  if (tenant === null) return null;
  const index = indexes.of(db, tenant);
  const chunks = index.slots.size - index.slots.dead;
  if (chunks < sharedFrom) return { tenant, snapshot: "", seq: index.seq, chunks };
  if (index.changed < leastShare * chunks && index.base.snapshot !== "") return null;
  const base = withBits(index.freeze(randomUUID()), bitsFrom);
  const stored = db.get<{ snapshot: string }>("SELECT snapshot FROM index_snapshots WHERE tenant = ?", tenant);
  files.keepOnly(tenant, stored?.snapshot ?? "");
  files.write(base);
  if (base.bits !== null) files.writePassages(base, passagesOf(db, base));
  share(base);
  return { tenant, snapshot: base.snapshot, seq: base.seq, chunks };
}

/** What the base's slots stand for, in their order. */
function* passagesOf(db: Database, { tenant, chunkKeys }: IndexBase): Generator<StoredPassage> {
  const rows = db.each<{ chunk_key: number; chunk_id: string; document_id: string; vector: Uint8Array | null }>(
    `SELECT c.chunk_key, c.chunk_id, d.document_id, c.vector FROM chunks c JOIN documents d USING (document_key)
     WHERE c.tenant = ? ORDER BY c.chunk_key`,
    tenant,
  );
  let slot = 0;
  for (const { chunk_key, chunk_id, document_id, vector } of rows) {
    if (chunk_key !== chunkKeys[slot++]) throw new Error("The index and the database hold different chunks.");
    yield { chunk_id, document_id, vector: vector && storedVector(vector) };
  }
}

/** Fewer vectors are all compared by their codes in a millisecond. */
const manyVectors = 50_000;

function withBits(base: IndexBase, bitsFrom: number): IndexBase {
  const slots = base.chunkKeys.length;
  if (slots < bitsFrom || base.codes === null || base.dimensions === 0) return base;
  const { mean, rows } = bitsOfCodes(attachCodeTable(base.dimensions, base.codes), slots, slots);
  return { ...base, bits: { mean, rows: rows.memory } };
}

/** Names the file that holds, and cuts the log up to the one before: threads that lag behind still catch up. */
export function commitIndex({ db }: CallContext, { tenant, snapshot, seq }: Frozen): void {
  const before = db.get<{ seq: number }>("SELECT seq FROM index_snapshots WHERE tenant = ?", tenant);
  const floor = before?.seq ?? 0;
  db.run("INSERT OR REPLACE INTO index_snapshots VALUES (?, ?, ?, ?)", tenant, snapshot, seq, floor);
  db.run("DELETE FROM change_log WHERE tenant = ? AND seq <= ?", tenant, floor);
}
