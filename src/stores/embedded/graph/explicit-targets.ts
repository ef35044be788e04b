import { compareText } from "../../../filter/matches.ts";
import type { ExplicitLinkKind } from "../../../ports/graph-store.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { addressTargets } from "./address-targets.ts";
import type { GraphView, Place } from "./graph-view.ts";

/** One way out of a passage that its format holds. */
export interface Pointer {
  readonly kind: ExplicitLinkKind;
  readonly address: string;
  readonly places: readonly Place[];
}

/** Where the links that seeds hold lead, ordered by address and kind. */
export function explicitTargets(
  db: Database,
  index: TenantIndex,
  view: GraphView,
  seeds: readonly Place[],
  except: ReadonlySet<string>,
): ReadonlyMap<Place, readonly Pointer[]> {
  const keyOf = (seed: Place): number => index.slots.chunkKeys[seed.slot]!;
  const rows = db.all<{ chunk_key: number; kind: ExplicitLinkKind; target: string }>(
    `SELECT DISTINCT chunk_key, kind, target FROM passage_links
     WHERE chunk_key IN (SELECT value FROM json_each(?)) AND kind <> 'anchor'`,
    JSON.stringify(seeds.map(keyOf)),
  );
  const wanted = rows.filter(({ target }) => !except.has(target));
  const isSeen = ({ chunk_id }: { readonly chunk_id: string }): boolean => view.place(chunk_id) !== null;
  const found = addressTargets(db, index.tenant, [...new Set(wanted.map((row) => row.target))], isSeen);
  const placesOf = (target: string): readonly Place[] =>
    (found.get(target) ?? [])
      .flatMap((row) => view.place(row.chunk_id) ?? [])
      .toSorted((a, b) => compareText(a.chunk_id, b.chunk_id));
  const bySeed = Map.groupBy(wanted, (row) => row.chunk_key);
  return new Map(
    seeds.map((seed) => [
      seed,
      (bySeed.get(keyOf(seed)) ?? [])
        .toSorted((a, b) => compareText(a.target, b.target) || compareText(a.kind, b.kind))
        .map(({ kind, target }) => ({ kind, address: target, places: placesOf(target) })),
    ]),
  );
}
