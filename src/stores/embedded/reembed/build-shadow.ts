import { renameSync, rmSync } from "node:fs";
import { HybridRAGError } from "../../../errors.ts";
import type { IndexIdentity } from "../../../ports/store.ts";
import { syncDirectory } from "../generations.ts";
import { openDatabase, type Database } from "../sqlite/database.ts";
import { writeIdentity } from "../tables/identity.ts";
import { databasePath } from "../workers/worker-settings.ts";
import { countShadow } from "./shadow-tables.ts";

/**
 * Copies the attached database into the shadow's folder and gives the copy its new vectors. Until the last rename there
 * is only a part of a file, which the next try removes.
 *
 * @throws HybridRAGError `conflict` while vectors are missing.
 */
export function buildShadow(db: Database, vectorsPath: string, folder: string, identity: IndexIdentity): void {
  const isLexical = identity.dimensions === 0;
  if (!isLexical && countShadow(db).pending > 0) {
    throw new HybridRAGError("conflict", "Vectors are still missing; run hybridrag indexes reembed again.");
  }
  const part = `${databasePath(folder)}.part`;
  removeDatabase(part);
  removeDatabase(databasePath(folder));
  db.run("VACUUM live INTO ?", part);
  const copy = openDatabase({ path: part, readOnly: false, durability: "full" });
  try {
    copy.run("ATTACH ? AS made", vectorsPath);
    copy.transaction("write", () => {
      if (isLexical) removeVectors(copy);
      else takeVectors(copy);
      writeIdentity(copy, identity);
      // Files of the index are of the vectors before; the log counts on from where it is.
      copy.run("UPDATE index_snapshots SET snapshot = '', log_floor = seq");
    });
    copy.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    copy.close();
  }
  renameSync(part, databasePath(folder));
  syncDirectory(folder);
}

function takeVectors(copy: Database): void {
  copy.run(
    `UPDATE chunks SET vector = v.vector, embedding_hash = v.embedding_hash
     FROM made.chunk_vectors v WHERE v.chunk_key = chunks.chunk_key`,
  );
  copy.run(
    `UPDATE agent_memory SET vector = (SELECT v.vector FROM made.memory_vectors v
       WHERE v.tenant = agent_memory.tenant AND v.agent_id = agent_memory.agent_id
         AND v.memory_id = agent_memory.memory_id AND v.content = agent_memory.content)`,
  );
}

function removeVectors(copy: Database): void {
  copy.run("UPDATE chunks SET vector = NULL");
  copy.run("UPDATE agent_memory SET vector = NULL");
}

function removeDatabase(path: string): void {
  for (const ending of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${ending}`, { force: true });
}
