import type { Database } from "../sqlite/database.ts";

/** Longer names have no parts that anyone would ask by. */
const longestName = 7;

export function countMention(db: Database, tenant: number, entity: string): void {
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

/** A name that nobody mentions any more is gone with its parts. */
export function uncountMentions(db: Database, tenant: number, entity: string, mentions: number): void {
  const left = db.get<{ mentions: number }>(
    "UPDATE entity_names SET mentions = mentions - ? WHERE tenant = ? AND entity = ? RETURNING mentions",
    mentions,
    tenant,
    entity,
  );
  if (!left || left.mentions > 0) return;
  db.run("DELETE FROM entity_names WHERE tenant = ? AND entity = ?", tenant, entity);
  for (const part of partsOf(entity)) {
    db.run("DELETE FROM name_parts WHERE tenant = ? AND part = ? AND entity = ?", tenant, part, entity);
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
