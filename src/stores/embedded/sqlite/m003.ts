/**
 * What people changed about the graph. Rows of passages hold what they say as edits have it (an empty entity: that of a
 * deleted one), and beside it, where the two differ, what was extracted. `edited_names` says which entity each name
 * that an edit speaks of finds (NULL: a deleted one), and what people called it.
 */
export const m003 = `
CREATE TABLE graph_edits (
  tenant INTEGER NOT NULL, sequence INTEGER NOT NULL, edit_id TEXT NOT NULL, actor TEXT NOT NULL, created_at TEXT NOT NULL,
  change TEXT NOT NULL,
  PRIMARY KEY (tenant, sequence), UNIQUE (tenant, edit_id)
) WITHOUT ROWID;
CREATE TABLE edited_names (
  tenant INTEGER NOT NULL, name TEXT NOT NULL, entity TEXT, shown TEXT, PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
ALTER TABLE mentions ADD COLUMN said TEXT;
CREATE INDEX mentions_by_said ON mentions (tenant, said) WHERE said IS NOT NULL;
ALTER TABLE assertions ADD COLUMN said_source TEXT;
ALTER TABLE assertions ADD COLUMN said_target TEXT;
CREATE INDEX assertions_by_said_source ON assertions (tenant, said_source) WHERE said_source IS NOT NULL;
CREATE INDEX assertions_by_said_target ON assertions (tenant, said_target) WHERE said_target IS NOT NULL;
`;
