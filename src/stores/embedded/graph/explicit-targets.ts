import { compareText } from "../../../filter/matches.ts";
import type { Database } from "../sqlite/database.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { GraphView, Place } from "./graph-view.ts";

type Targets = ReadonlyMap<string, readonly Place[]>;

/** Where the links that seeds hold lead: to a document by its source or id, else to passages with that title. */
export function explicitTargets(
  db: Database,
  index: TenantIndex,
  view: GraphView,
  seeds: readonly Place[],
  except: ReadonlySet<string>,
): ReadonlyMap<Place, Targets> {
  const keyOf = (seed: Place): number => index.slots.chunkKeys[seed.slot]!;
  const rows = db.all<{ chunk_key: number; target: string }>(
    "SELECT DISTINCT chunk_key, target FROM passage_links WHERE chunk_key IN (SELECT value FROM json_each(?))",
    JSON.stringify(seeds.map(keyOf)),
  );
  const wanted = rows.filter(({ target }) => !except.has(target));
  const found = passagesOfDocuments(db, index.tenant, [...new Set(wanted.map((row) => row.target))], view);
  const placesOf = (target: string): readonly Place[] => found.get(target) ?? view.titled(target);
  const bySeed = Map.groupBy(wanted, (row) => row.chunk_key);
  return new Map(
    seeds.map((seed) => {
      const targets = (bySeed.get(keyOf(seed)) ?? []).map((row) => row.target).toSorted(compareText);
      return [seed, new Map(targets.map((target) => [target, placesOf(target)]))];
    }),
  );
}

/** Chunks carry their document's source; one that differs is found by its own. */
function passagesOfDocuments(db: Database, tenant: number, targets: readonly string[], view: GraphView): Targets {
  if (targets.length === 0) return new Map();
  const rows = db.all<{ target: string; chunk_id: string }>(
    `SELECT t.value AS target, c.chunk_id FROM json_each(?2) t
       JOIN documents d ON d.tenant = ?1 AND d.document_id = t.value JOIN chunks c USING (document_key)
     UNION SELECT t.value, c.chunk_id FROM json_each(?2) t JOIN chunks c ON c.tenant = ?1 AND c.source = t.value`,
    tenant,
    JSON.stringify(targets),
  );
  const ids = Map.groupBy(rows, (row) => row.target);
  const placed = [...ids].map(([target, own]): [string, readonly Place[]] => [
    target,
    own
      .map((row) => row.chunk_id)
      .toSorted(compareText)
      .flatMap((id) => view.place(id) ?? []),
  ]);
  return new Map(placed.filter(([, places]) => places.length > 0));
}
