import { documentOfAddress } from "../../../text/link-address.ts";
import type { Database } from "../sqlite/database.ts";
import { foundBy } from "../tables/edited-names.ts";

/** A passage that an address may lead to. */
export interface AddressedRow {
  readonly chunk_key: number;
  readonly chunk_id: string;
  readonly metadata_id: number;
  readonly document_key: number;
}

/**
 * The passages that each address leads to: the place of that name, else the document, else those with that title; the
 * first of these that has a passage to be seen. Addresses that lead nowhere are left out.
 */
export function addressTargets(
  db: Database,
  tenant: number,
  addresses: readonly string[],
  isSeen: (row: AddressedRow) => boolean,
): ReadonlyMap<string, readonly AddressedRow[]> {
  if (addresses.length === 0) return new Map();
  // CROSS JOIN keeps the order of the tables: else a whole tenant is walked for every address.
  const entityOf = foundBy(db, tenant, addresses);
  const rows = db.all<AddressedRow & { readonly target: string; readonly rank: number }>(
    `WITH wanted AS (SELECT value->>'$[0]' AS target, value->>'$[1]' AS document, value->>'$[2]' AS entity
       FROM json_each(?2))
     SELECT target, rank, chunk_key, chunk_id, metadata_id, document_key FROM (
       SELECT w.target, 0 AS rank, l.chunk_key AS key FROM wanted w
         CROSS JOIN passage_links l ON l.tenant = ?1 AND l.target = w.target AND l.kind = 'anchor'
       UNION SELECT w.target, 1, c.chunk_key FROM wanted w
         CROSS JOIN documents d ON d.tenant = ?1 AND d.document_id = w.document CROSS JOIN chunks c USING (document_key)
       UNION SELECT w.target, 1, c.chunk_key FROM wanted w CROSS JOIN chunks c ON c.tenant = ?1 AND c.source = w.document
       UNION SELECT w.target, 2, m.chunk_key FROM wanted w
         CROSS JOIN mentions m ON m.tenant = ?1 AND m.entity = w.entity AND m.kind = 'title'
     ) CROSS JOIN chunks ON chunk_key = key`,
    tenant,
    JSON.stringify(addresses.map((address) => [address, documentOfAddress(address), entityOf(address)])),
  );
  const byAddress = Map.groupBy(rows.filter(isSeen), (row) => row.target);
  return new Map(
    [...byAddress].map(([target, own]) => {
      const best = Math.min(...own.map((row) => row.rank));
      return [target, own.filter((row) => row.rank === best)];
    }),
  );
}
