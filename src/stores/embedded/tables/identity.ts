import { HybridRAGError } from "../../../errors.ts";
import type { IndexIdentity } from "../../../ports/store.ts";
import type { Database } from "../sqlite/database.ts";
import type { CallContext } from "../workers/context.ts";

export function readIdentity(db: Database): IndexIdentity | null {
  const row = db.get<{ value: string }>("SELECT value FROM settings WHERE name = 'identity'");
  return row ? (JSON.parse(row.value) as IndexIdentity) : null;
}

/** @throws HybridRAGError `index_mismatch` when the chunks stored were made otherwise. */
export function prepareIndex(context: CallContext, identity: IndexIdentity): void {
  checkIdentity(context, identity);
  writeIdentity(context.db, identity);
}

/** Takes an index over as it is, for what does not change its vectors. */
export const adoptIdentity = ({ db }: CallContext, identity: IndexIdentity): void => writeIdentity(db, identity);

export function writeIdentity(db: Database, { embedder, dimensions, chunker }: IndexIdentity): void {
  db.run(
    "INSERT OR REPLACE INTO settings (name, value) VALUES ('identity', ?)",
    JSON.stringify({ embedder, dimensions, chunker }),
  );
}

/**
 * What a store that is only read does instead: an identity that fits, or none, is well.
 *
 * @throws HybridRAGError `index_mismatch`.
 */
export function checkIdentity({ db }: CallContext, identity: IndexIdentity): void {
  const stored = readIdentity(db);
  const isEmpty = db.get("SELECT 1 FROM chunks LIMIT 1") === undefined;
  if (!stored || isEmpty || isSame(stored, identity)) return;
  throw new HybridRAGError(
    "index_mismatch",
    `The index was built with ${describe(stored)}, and now ${describe(identity)} is set. ` +
      "Make its vectors anew with hybridrag indexes reembed, or set the former again.",
    { details: { stored: describe(stored), wanted: describe(identity) } },
  );
}

/** Dimensions of every vector of the store: the identity's, or those of the first vector where none was stated. */
export function readDimensions(db: Database): number | null {
  const identity = readIdentity(db);
  if (identity) return identity.dimensions;
  const row = db.get<{ value: string }>("SELECT value FROM settings WHERE name = 'dimensions'");
  return row ? Number(row.value) : null;
}

export function adoptDimensions(db: Database, dimensions: number): number {
  const known = readDimensions(db);
  if (known !== null) return known;
  db.run("INSERT OR REPLACE INTO settings (name, value) VALUES ('dimensions', ?)", String(dimensions));
  return dimensions;
}

const isSame = (a: IndexIdentity, b: IndexIdentity): boolean =>
  a.embedder === b.embedder && a.dimensions === b.dimensions && a.chunker === b.chunker;

const describe = (identity: IndexIdentity): string =>
  `embedder ${identity.embedder} (${identity.dimensions} dimensions) and chunker ${identity.chunker}`;
