import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fuseRanks, legDepth, wanted, type CandidateKind, type Restriction } from "./candidate.ts";
import { recent, type Question } from "./corpus.ts";
import { loadPeer } from "./peers.ts";
import { dimensions } from "./vectors.ts";

interface SqliteVec {
  getLoadablePath(): string;
}

/** FTS5 with Porter stems beside sqlite-vec with cosines, in one file, as its users put them together. */
export const sqlitePeer: CandidateKind = {
  name: "fts5+sqlite-vec",
  peer: "sqlite-vec",
  questions: 30,
  lacks: (kind) => kind === "mix",
  build: async (corpus, folder) => {
    const db = await openDatabase(folder);
    db.exec(`
      CREATE TABLE chunks (key INTEGER PRIMARY KEY, id TEXT, title TEXT, content TEXT, grp TEXT, category TEXT, time TEXT);
      CREATE INDEX by_group ON chunks (grp);
      CREATE INDEX by_category ON chunks (category, time);
      CREATE VIRTUAL TABLE words USING fts5 (content, content='chunks', content_rowid='key', tokenize='porter unicode61');
      CREATE VIRTUAL TABLE vectors USING vec0 (key INTEGER PRIMARY KEY, vector float[${dimensions}] distance_metric=cosine);
    `);
    const chunk = db.prepare("INSERT INTO chunks VALUES (?, ?, '', ?, ?, ?, ?)");
    const words = db.prepare("INSERT INTO words (rowid, content) VALUES (?, ?)");
    const vectors = db.prepare("INSERT INTO vectors VALUES (?, ?)");
    for (let at = 0; at < corpus.size; at += 1000) {
      db.exec("BEGIN");
      for (let index = at; index < Math.min(corpus.size, at + 1000); index += 1) {
        const { id, content, group, category, time, vector } = corpus.passage(index);
        chunk.run(index + 1, id, content, group, category, time);
        words.run(index + 1, content);
        vectors.run(BigInt(index + 1), new Uint8Array(vector.buffer));
      }
      db.exec("COMMIT");
    }
    db.close();
  },
  open: async (_, folder) => {
    const db = await openDatabase(folder);
    const keysOf = (sql: string, ...values: (string | number | Uint8Array)[]) =>
      (db.prepare(sql).all(...values) as { key: number }[]).map(({ key }) => String(key));
    const fetch = db.prepare("SELECT id, title, content FROM chunks WHERE key = ?");
    const nearest = (question: Question, restriction: Restriction, count: number) => {
      const { where, values } = conditionOf(question, restriction);
      const allowed = where === "" ? "" : `AND key IN (SELECT key FROM chunks WHERE ${where})`;
      const sql = `SELECT key FROM vectors WHERE vector MATCH ? AND k = ${count} ${allowed} ORDER BY distance`;
      return keysOf(sql, new Uint8Array(question.vector.buffer), ...values);
    };
    const matching = (question: Question, restriction: Restriction, count: number) => {
      const { where, values } = conditionOf(question, restriction);
      // The plus keeps SQLite from asking the words anew, with all their statistics, for each row that is allowed.
      const allowed = where === "" ? "" : `AND +rowid IN (SELECT key FROM chunks WHERE ${where})`;
      const sql = `SELECT rowid AS key FROM words WHERE words MATCH ? ${allowed} ORDER BY rank LIMIT ${count}`;
      return keysOf(sql, question.text.split(" ").join(" OR "), ...values);
    };
    return {
      search: async (question, kind, restriction) => {
        const keys =
          kind === "vector"
            ? nearest(question, restriction, wanted)
            : kind === "text"
              ? matching(question, restriction, wanted)
              : fuseRanks([nearest(question, restriction, legDepth), matching(question, restriction, legDepth)]);
        return keys.map((key) => (fetch.get(Number(key)) as { id: string }).id);
      },
      close: async () => db.close(),
    };
  },
};

async function openDatabase(folder: string): Promise<DatabaseSync> {
  const { getLoadablePath } = await loadPeer<SqliteVec>("sqlite-vec");
  const db = new DatabaseSync(join(folder, "peer.sqlite"), { allowExtension: true });
  db.loadExtension(getLoadablePath());
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 4294967296",
  );
  return db;
}

function conditionOf(
  { group, category }: Question,
  restriction: Restriction,
): { readonly where: string; readonly values: readonly string[] } {
  if (restriction === "all") return { where: "", values: [] };
  if (restriction === "group") return { where: "grp = ?", values: [group] };
  return { where: "category = ? AND time >= ?", values: [category, recent.from] };
}
