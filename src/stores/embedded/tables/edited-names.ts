import { editedNames, shownName, type EditedNames } from "../../../edits/edited-names.ts";
import type { GraphChange, GraphEdit } from "../../../records.ts";
import type { Database } from "../sqlite/database.ts";

/** What stands in a row of the graph whose entity was deleted: no name is empty. */
export const noEntity = "";

/** In the order of their numbers. */
export const readEdits = (db: Database, tenant: number): readonly GraphEdit[] =>
  db
    .all<Omit<GraphEdit, "change"> & { readonly change: string }>(
      "SELECT edit_id, sequence, actor, created_at, change FROM graph_edits WHERE tenant = ? ORDER BY sequence",
      tenant,
    )
    .map((row) => ({ ...row, change: JSON.parse(row.change) as GraphChange }));

/** What names mean now, for whoever writes the graph; readers need only `foundBy` and `shownAs`. */
export const readEditedNames = (db: Database, tenant: number): EditedNames => editedNames(readEdits(db, tenant));

export function writeEditedNames(db: Database, tenant: number, names: EditedNames): void {
  db.run("DELETE FROM edited_names WHERE tenant = ?", tenant);
  for (const name of names.touched) {
    db.run(
      "INSERT INTO edited_names VALUES (?, ?, ?, ?)",
      tenant,
      name,
      names.entityOf(name),
      names.givenName(name) ?? null,
    );
  }
}

/** The entity that each name finds, which is itself for most; null for the name of a deleted one. */
export function foundBy(db: Database, tenant: number, names: readonly string[]): (name: string) => string | null {
  const rows = db.all<{ name: string; entity: string | null }>(
    "SELECT name, entity FROM edited_names WHERE tenant = ? AND name IN (SELECT value FROM json_each(?))",
    tenant,
    JSON.stringify(names),
  );
  const edited = new Map(rows.map((row) => [row.name, row.entity]));
  return (name) => edited.get(name) ?? (edited.has(name) ? null : name);
}

/** @param spellings of the mentions that are seen, the commonest first. */
export function shownAs(db: Database, tenant: number, entity: string, spellings: readonly string[]): string {
  const edited = db.get<{ shown: string | null }>(
    "SELECT shown FROM edited_names WHERE tenant = ? AND name = ?",
    tenant,
    entity,
  );
  return (edited ? shownName(edited.shown, entity, spellings) : spellings[0])!;
}
