import { checkEditor, checkLast } from "../../../edits/check-edit.ts";
import { editedEnds, editedMention, spellingsOf } from "../../../edits/edited-graph.ts";
import { editedNames, type EditedNames, type NameEdit } from "../../../edits/edited-names.ts";
import type { GraphEdit, Mention } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import type { Database } from "../sqlite/database.ts";
import type { CallContext } from "../workers/context.ts";
import { noEntity, readEdits, writeEditedNames } from "./edited-names.ts";
import { countMention, uncountMentions } from "./entity-names.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

export function listEdits({ db }: CallContext, scope: Scope): readonly GraphEdit[] {
  checkEditor(scope);
  const tenant = tenantOf(db, scope);
  return tenant === null ? [] : readEdits(db, tenant);
}

/** Writes down the edit and, in the same transaction, what it makes of the rows that are there. */
export function addEdit(
  { db }: CallContext,
  scope: Scope,
  edit: Omit<GraphEdit, "sequence">,
  after: number,
): GraphEdit {
  checkEditor(scope);
  const tenant = ensureTenant(db, scope);
  const before = readEdits(db, tenant);
  checkLast(before.length, after);
  const added = { ...edit, sequence: after + 1 };
  const { sequence, edit_id, actor, created_at, change } = added;
  const row = [tenant, sequence, edit_id, actor, created_at, JSON.stringify(change)];
  db.run("INSERT INTO graph_edits VALUES (?, ?, ?, ?, ?, ?)", ...row);
  const edits = [...before, added];
  const names = editedNames(edits);
  writeEditedNames(db, tenant, names);
  const changed = change.kind === "undo" ? before.find((one) => one.edit_id === change.edit_id) : added;
  if (changed && changed.change.kind !== "undo") rewrite(db, tenant, names, namesBefore(edits, changed as NameEdit));
  return added;
}

/** Extracted names of which mentions may reach the edit: only these can mean something else by it. */
const namesBefore = (edits: readonly GraphEdit[], { sequence, change }: NameEdit): readonly string[] => {
  const isBefore = (edit: GraphEdit): boolean => edit.change.kind === "undo" || edit.sequence < sequence;
  return [...editedNames(edits.filter(isBefore)).saidAs([change.entity])];
};

function rewrite(db: Database, tenant: number, names: EditedNames, said: readonly string[]): void {
  const list = JSON.stringify(said);
  const renamed = rewriteMentions(db, tenant, names, list);
  rewriteAssertions(db, tenant, names, list);
  // The passages' texts and vectors stay as they are: see `namesChanged`.
  for (const key of renamed)
    db.run("INSERT INTO change_log (tenant, chunk_key, added) VALUES (?, ?, ?)", tenant, key, namesChanged);
}

/** In the log of changes, where 1 is a chunk that came and 0 one that went: the names in it are others now. */
export const namesChanged = 2;

interface MentionPlace extends Pick<Mention, "entity" | "chunk_id" | "name"> {
  readonly key: number;
  readonly said: string;
  readonly chunk_key: number;
  readonly document_id: string;
}

/** @returns the chunks whose names are others now, in order. */
function rewriteMentions(db: Database, tenant: number, names: EditedNames, list: string): readonly number[] {
  const columns = "m.rowid AS key, m.entity, m.name, m.chunk_key, c.chunk_id, d.document_id";
  const tables = "mentions m JOIN chunks c USING (chunk_key) JOIN documents d USING (document_key)";
  const rows = db.all<MentionPlace>(
    `SELECT ${columns}, m.entity AS said FROM ${tables}
     WHERE m.tenant = ?1 AND m.said IS NULL AND m.entity IN (SELECT value FROM json_each(?2))
     UNION ALL SELECT ${columns}, m.said FROM ${tables}
     WHERE m.tenant = ?1 AND m.said IS NOT NULL AND m.said IN (SELECT value FROM json_each(?2))`,
    tenant,
    list,
  );
  const changed = new Set<number>();
  for (const row of rows) {
    const entity = editedMention(names, row.document_id, { ...row, entity: row.said }) ?? noEntity;
    if (entity === row.entity) continue;
    const said = entity === row.said ? null : row.said;
    db.run("UPDATE mentions SET entity = ?, said = ? WHERE rowid = ?", entity, said, row.key);
    if (row.entity !== noEntity) uncountMentions(db, tenant, row.entity, 1);
    if (entity !== noEntity) countMention(db, tenant, entity);
    changed.add(row.chunk_key);
  }
  return [...changed].toSorted((a, b) => a - b);
}

interface AssertionPlace {
  readonly key: number;
  readonly source_entity: string;
  readonly target_entity: string;
  readonly chunk_id: string;
  readonly chunk_key: number;
  readonly document_id: string;
}

function rewriteAssertions(db: Database, tenant: number, names: EditedNames, list: string): void {
  const among = (column: string): string => `${column} IN (SELECT value FROM json_each(?2))`;
  const rows = db.all<AssertionPlace>(
    `SELECT a.rowid AS key, coalesce(a.said_source, a.source_entity) AS source_entity, a.chunk_key, c.chunk_id,
       coalesce(a.said_target, a.target_entity) AS target_entity, d.document_id
     FROM assertions a JOIN chunks c USING (chunk_key) JOIN documents d USING (document_key) WHERE a.rowid IN (
       SELECT rowid FROM assertions WHERE tenant = ?1 AND said_source IS NULL AND ${among("source_entity")}
       UNION SELECT rowid FROM assertions WHERE tenant = ?1 AND said_target IS NULL AND ${among("target_entity")}
       UNION SELECT rowid FROM assertions WHERE tenant = ?1 AND said_source IS NOT NULL AND ${among("said_source")}
       UNION SELECT rowid FROM assertions WHERE tenant = ?1 AND said_target IS NOT NULL AND ${among("said_target")})`,
    tenant,
    list,
  );
  const spellings = spellingsOf(saidIn(db, [...new Set(rows.map((row) => row.chunk_key))]));
  for (const row of rows) {
    const ends = editedEnds(names, row.document_id, row, spellings);
    db.run(
      `UPDATE assertions SET source_entity = ?, target_entity = ?, said_source = ?, said_target = ? WHERE rowid = ?`,
      ...endColumns(row, ends),
      row.key,
    );
  }
}

/** The entities that a statement joins, and beside them its own names where they differ. */
export function endColumns(
  said: { readonly source_entity: string; readonly target_entity: string },
  ends: readonly [string, string] | null,
): readonly [source: string, target: string, saidSource: string | null, saidTarget: string | null] {
  const [source, target] = ends ?? [noEntity, noEntity];
  const differing = (one: string, entity: string): string | null => (one === entity ? null : one);
  return [source, target, differing(said.source_entity, source), differing(said.target_entity, target)];
}

/** What these chunks mention, by the names that were extracted. */
const saidIn = (db: Database, chunkKeys: readonly number[]): readonly Mention[] =>
  db.all<Mention>(
    `SELECT c.chunk_id, coalesce(m.said, m.entity) AS entity, m.name, m.kind, m.type, m."start", m."end"
     FROM mentions m JOIN chunks c USING (chunk_key) WHERE m.chunk_key IN (SELECT value FROM json_each(?))`,
    JSON.stringify(chunkKeys),
  );
