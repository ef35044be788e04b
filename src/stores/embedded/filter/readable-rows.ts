import type { MetadataValue } from "../../../records.ts";
import { mayRead, type Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import { extended, type Bits } from "./bits.ts";

/** Metadata objects that somebody may read, of those whose number is `upTo` at most. */
export interface ReadableRows {
  readonly bits: Bits;
  readonly upTo: number;
}

const nobody: ReadableRows = { bits: { size: 1, words: new Uint32Array(1) }, upTo: 0 };

/**
 * Exactly `mayRead(scope)` for every metadata object of the tenant up to this number. An object is written once and never
 * changed, and no number is given twice, so what was found out before stays true: only newer ones are looked at.
 */
export function readableRows(
  db: Database,
  tenant: number,
  scope: Scope,
  upTo: number,
  before: ReadableRows = nobody,
): ReadableRows {
  // One JSON text is far cheaper to carry out of SQLite than a row object for each number.
  const found = db.get<{ plain: string; guarded: string }>(
    `SELECT json_group_array(id) FILTER (WHERE guard IS NULL) AS plain,
       json_group_array(json_array(id, guard)) FILTER (WHERE guard IS NOT NULL) AS guarded
     FROM (
       SELECT metadata_id AS id, guard FROM metadata WHERE tenant = ?1 AND access = 'open' AND metadata_id > ?3
       UNION ALL
       SELECT m.metadata_id, m.guard FROM metadata_texts t JOIN metadata m USING (metadata_id)
       WHERE t.tenant = ?1 AND t.field = 'metadata.access' AND m.access = 'listed' AND t.metadata_id > ?3
       AND t.value IN (SELECT value FROM json_each(?2)))`,
    tenant,
    JSON.stringify(scope.principals),
    before.upTo,
  )!;
  const plain = JSON.parse(found.plain) as number[];
  const guarded = (JSON.parse(found.guarded) as [number, string][]).filter(([, guard]) =>
    mayRead(scope, { access: JSON.parse(guard) as MetadataValue }),
  );
  return { bits: extended(before.bits, upTo + 1, [...plain, ...guarded.map(([id]) => id)]), upTo };
}
