/** What messages are recalled by, beside them: whoever reads a conversation does not read its vectors. */
export const m004 = `
CREATE TABLE message_vectors (
  tenant INTEGER NOT NULL, session_id TEXT NOT NULL, sequence INTEGER NOT NULL, embedding_hash TEXT NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (tenant, session_id, sequence)
) WITHOUT ROWID;
`;
