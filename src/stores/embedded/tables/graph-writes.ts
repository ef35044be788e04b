import type { DocumentGraph } from "../../../records.ts";
import type { Database } from "../sqlite/database.ts";

/** Longer names have no parts that anyone would ask by. */
const longestName = 7;

/** @param keys the integer keys of the version's chunks. */
export function writeGraph(
  db: Database,
  tenant: number,
  keys: ReadonlyMap<string, number>,
  graph: DocumentGraph,
): void {
  const keyOf = (row: { readonly chunk_id: string }): number => keys.get(row.chunk_id)!;
  for (const m of graph.mentions) {
    const values = [tenant, m.entity, keyOf(m), m.kind, m.name, m.type, m.start, m.end];
    db.run("INSERT INTO mentions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ...values);
    countName(db, tenant, m.entity);
  }
  for (const link of graph.links) {
    const values = [tenant, keyOf(link), link.kind, link.target, link.start, link.end];
    db.run("INSERT INTO passage_links VALUES (?, ?, ?, ?, ?, ?)", ...values);
  }
  for (const a of graph.assertions) {
    const names = [tenant, a.source_entity, a.target_entity, a.type];
    const values = [keyOf(a), a.description, a.weight, a.confidence];
    db.run("INSERT INTO assertions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ...names, ...values);
  }
}

/** Everything that the document's chunks asserted; a name that nobody mentions any more is gone with its parts. */
export function removeGraph(db: Database, tenant: number, documentKey: number): void {
  const mine = "chunk_key IN (SELECT chunk_key FROM chunks WHERE document_key = ?)";
  const named = db.all<{ entity: string; mentions: number }>(
    `SELECT entity, count(*) AS mentions FROM mentions WHERE ${mine} GROUP BY entity`,
    documentKey,
  );
  for (const { entity, mentions } of named) {
    const left = db.get<{ mentions: number }>(
      "UPDATE entity_names SET mentions = mentions - ? WHERE tenant = ? AND entity = ? RETURNING mentions",
      mentions,
      tenant,
      entity,
    );
    if (!left || left.mentions > 0) continue;
    db.run("DELETE FROM entity_names WHERE tenant = ? AND entity = ?", tenant, entity);
    for (const part of partsOf(entity)) {
      db.run("DELETE FROM name_parts WHERE tenant = ? AND part = ? AND entity = ?", tenant, part, entity);
    }
  }
  for (const table of ["mentions", "passage_links", "assertions"]) {
    db.run(`DELETE FROM ${table} WHERE ${mine}`, documentKey);
  }
}

function countName(db: Database, tenant: number, entity: string): void {
  const known = db.run(
    "UPDATE entity_names SET mentions = mentions + 1 WHERE tenant = ? AND entity = ?",
    tenant,
    entity,
  );
  if (known.changes > 0) return;
  db.run("INSERT INTO entity_names VALUES (?, ?, 1)", tenant, entity);
  for (const part of partsOf(entity)) {
    db.run("INSERT OR IGNORE INTO name_parts VALUES (?, ?, ?)", tenant, part, entity);
  }
}

/** Every shorter run of words inside a name. */
function partsOf(entity: string): readonly string[] {
  const words = entity.split(" ");
  if (words.length > longestName) return [];
  const parts = words.flatMap((_word, from) =>
    words.slice(from).map((_end, length) => words.slice(from, from + length + 1).join(" ")),
  );
  return [...new Set(parts)].filter((part) => part !== entity && part !== "");
}
