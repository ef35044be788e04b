import type { Database } from "../sqlite/database.ts";
import { addressTargets, type AddressedRow } from "./address-targets.ts";

/** Addresses in these passages that lead to another one that is seen. */
export function countExplicitLinks(
  db: Database,
  tenant: number,
  chunkKeys: readonly number[],
  isSeen: (row: AddressedRow) => boolean,
): number {
  const links = db.all<{ chunk_key: number; target: string }>(
    `SELECT DISTINCT chunk_key, target FROM passage_links
     WHERE chunk_key IN (SELECT value FROM json_each(?)) AND kind <> 'anchor'`,
    JSON.stringify(chunkKeys),
  );
  const targets = addressTargets(db, tenant, [...new Set(links.map((link) => link.target))], isSeen);
  return links.filter(({ chunk_key, target }) => targets.get(target)?.some((row) => row.chunk_key !== chunk_key))
    .length;
}
