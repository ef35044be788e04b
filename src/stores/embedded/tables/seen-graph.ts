import type { Filter } from "../../../filter/filter.ts";
import type { MentionKind } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import { allowedRows, rowTest, type RowTest } from "../filter/allowed.ts";
import type { Database } from "../sqlite/database.ts";
import { tenantOf } from "./tenants.ts";

export interface MentionRow {
  readonly entity: string;
  readonly kind: MentionKind;
  readonly name: string;
  readonly type: string;
  readonly chunk_key: number;
  readonly chunk_id: string;
  readonly metadata_id: number;
  readonly document_key: number;
}

/** The part of a tenant's graph that scope and filter let through, within one call; names are looked up once. */
export interface SeenGraph {
  readonly tenant: number;
  readonly test: RowTest;
  mentionsOf(entity: string): readonly MentionRow[];
  /** Of one passage, seen or not. */
  mentionsIn(chunkKey: number): readonly MentionRow[];
}

const mentionRows = `SELECT m.entity, m.kind, m.name, m.type, m.chunk_key, c.chunk_id, c.metadata_id, c.document_key
  FROM mentions m JOIN chunks c USING (chunk_key)`;

/** Null for a tenant that has never written anything. */
export function seenGraph(db: Database, scope: Scope, filter: Filter | null): SeenGraph | null {
  const tenant = tenantOf(db, scope);
  if (tenant === null) return null;
  return seenBy(db, tenant, rowTest(allowedRows(db, tenant, scope, filter)));
}

/** The same where it is known which rows are let through. */
export function seenBy(db: Database, tenant: number, test: RowTest): SeenGraph {
  const known = new Map<string, readonly MentionRow[]>();
  const lookUp = (entity: string): readonly MentionRow[] =>
    db
      .all<MentionRow>(`${mentionRows} WHERE m.tenant = ? AND m.entity = ?`, tenant, entity)
      .filter((row) => test(row.metadata_id, row.document_key));
  return {
    tenant,
    test,
    mentionsOf: (entity) => {
      const rows = known.get(entity) ?? lookUp(entity);
      known.set(entity, rows);
      return rows;
    },
    mentionsIn: (chunkKey) => db.all<MentionRow>(`${mentionRows} WHERE m.chunk_key = ?`, chunkKey),
  };
}
