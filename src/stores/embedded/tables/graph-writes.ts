import { editedEnds, editedMention, spellingsOf } from "../../../edits/edited-graph.ts";
import type { DocumentGraph } from "../../../records.ts";
import type { Database } from "../sqlite/database.ts";
import { noEntity, readEditedNames } from "./edited-names.ts";
import { countMention, uncountMentions } from "./entity-names.ts";
import { endColumns } from "./graph-edits.ts";

interface GraphPlace {
  readonly tenant: number;
  readonly documentId: string;
  /** The integer keys of the version's chunks. */
  readonly keys: ReadonlyMap<string, number>;
}

/** Writes what the chunks say as edits have it, and what was extracted where that differs. */
export function writeGraph(db: Database, { tenant, documentId, keys }: GraphPlace, graph: DocumentGraph): void {
  const keyOf = (row: { readonly chunk_id: string }): number => keys.get(row.chunk_id)!;
  const names = readEditedNames(db, tenant);
  for (const m of graph.mentions) {
    const entity = editedMention(names, documentId, m) ?? noEntity;
    const said = entity === m.entity ? null : m.entity;
    const values = [tenant, entity, keyOf(m), m.kind, m.name, m.type, m.start, m.end, said];
    db.run("INSERT INTO mentions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ...values);
    if (entity !== noEntity) countMention(db, tenant, entity);
  }
  for (const link of graph.links) {
    const values = [tenant, keyOf(link), link.kind, link.target, link.start, link.end];
    db.run("INSERT INTO passage_links VALUES (?, ?, ?, ?, ?, ?)", ...values);
  }
  const spellings = spellingsOf(graph.mentions);
  for (const a of graph.assertions) {
    const [source, target, ...said] = endColumns(a, editedEnds(names, documentId, a, spellings));
    const values = [tenant, source, target, a.type, keyOf(a), a.description, a.weight, a.confidence, ...said];
    db.run("INSERT INTO assertions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ...values);
  }
}

/** Everything that the document's chunks asserted. */
export function removeGraph(db: Database, tenant: number, documentKey: number): void {
  const mine = "chunk_key IN (SELECT chunk_key FROM chunks WHERE document_key = ?)";
  const named = db.all<{ entity: string; mentions: number }>(
    `SELECT entity, count(*) AS mentions FROM mentions WHERE ${mine} GROUP BY entity`,
    documentKey,
  );
  for (const { entity, mentions } of named) uncountMentions(db, tenant, entity, mentions);
  for (const table of ["mentions", "passage_links", "assertions"]) {
    db.run(`DELETE FROM ${table} WHERE ${mine}`, documentKey);
  }
}
