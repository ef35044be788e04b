import type { AskedWeight } from "../../../ports/graph-store.ts";
import type { Scope } from "../../../scope.ts";
import { allowedRows } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { foundBy } from "../tables/edited-names.ts";
import { tenantOf } from "../tables/tenants.ts";
import type { ReadContext } from "../workers/context.ts";
import { asTitle, inBody, type GraphSegment } from "./graph-segment.ts";
import { countExplicitLinks } from "./explicit-density.ts";
import { graphView, type GraphView, postingsOf, sight, type Sight } from "./graph-view.ts";
import { nameIndex, startOfName } from "./name-table.ts";

/** A density that was counted, and when. */
export interface CountedDensity {
  readonly seq: number;
  readonly size: number;
  readonly dead: number;
  /** Edits that it knows of, in passages with other names. */
  readonly renamed: number;
  readonly density: number;
}

/** Counted again once a fiftieth of the passages has changed. */
const mayLag = 0.02;

export function linkDensity(context: ReadContext, scope: Scope): number {
  const tenant = tenantOf(context.db, scope);
  if (tenant === null) return 0;
  const index = context.indexes.of(context.db, tenant);
  const key = scope.principals === "all" ? "all" : JSON.stringify(scope.principals);
  const known = index.densities.get(key);
  const { size, dead } = index.slots;
  const { renamed } = index.graph;
  if (
    known?.renamed === renamed &&
    (known.seq === index.seq || size - known.size + dead - known.dead <= mayLag * (size - dead))
  )
    return known.density;
  const seen = sight(index, allowedRows(context.db, tenant, scope, null));
  const density = countDensity(index, seen) + explicitDensity(context, tenant, seen);
  if (index.densities.size > 100) index.densities.clear();
  index.densities.set(key, { seq: index.seq, size, dead, renamed, density });
  return density;
}

/** Addresses of so many passages say how many a passage has. */
const sampled = 500;

/** Spread evenly over the passages, so that every run takes the same ones. */
function explicitDensity({ db, indexes }: ReadContext, tenant: number, { isSeen }: Sight): number {
  const index = indexes.of(db, tenant);
  const { slots } = index;
  const seen: number[] = [];
  for (let slot = 0; slot < slots.size; slot++) if (isSeen(slot)) seen.push(slot);
  const step = Math.max(1, seen.length / sampled);
  const keys = Array.from({ length: Math.min(seen.length, sampled) }, (_none, at) => seen[Math.floor(at * step)]!).map(
    (slot) => slots.chunkKeys[slot]!,
  );
  const isTarget = ({ chunk_key }: { readonly chunk_key: number }): boolean => {
    const slot = index.slotOf(chunk_key);
    return slot >= 0 && isSeen(slot);
  };
  return keys.length === 0 ? 0 : countExplicitLinks(db, tenant, keys, isTarget) / keys.length;
}

/** How often a name stands in a passage that is the title of another one, per passage. */
export function countDensity(index: TenantIndex, { isSeen }: Sight): number {
  const { segments } = index.graph;
  const { slots } = index;
  let passages = 0;
  for (let slot = 0; slot < slots.size; slot++) if (isSeen(slot)) passages += 1;
  if (passages === 0) return 0;
  const links = segments.reduce((sum, segment, at) => sum + linksOver(segments, segment, at, isSeen), 0);
  return links / passages;
}

/** Over the names that this segment is the first to have as a title. */
function linksOver(
  segments: readonly GraphSegment[],
  segment: GraphSegment,
  at: number,
  isSeen: Sight["isSeen"],
): number {
  let links = 0;
  for (let name = 0; name < segment.nameEnds.length; name++) {
    const own = postingsOf(segment, name);
    if ((own[0]! & asTitle) === 0) continue;
    const bytes = segment.nameText.subarray(startOfName(segment.nameEnds, name), segment.nameEnds[name]);
    const lists = segments.map((other) => (other === segment ? own : postingsOf(other, nameIndex(other.names, bytes))));
    if (lists.slice(0, at).some((list) => list.length > 0 && list[0]! & asTitle)) continue;
    links += linksOf(segments, lists, isSeen);
  }
  return links;
}

function linksOf(segments: readonly GraphSegment[], lists: readonly Uint32Array[], isSeen: Sight["isSeen"]): number {
  let [titled, standing, both] = [0, 0, 0];
  lists.forEach((list, at) => {
    const { slots } = segments[at]!;
    for (const posting of list) {
      if (!isSeen(slots[posting >>> 2]!)) continue;
      if (posting & asTitle) titled += 1;
      if (posting & inBody) standing += 1;
      if ((posting & 3) === (asTitle | inBody)) both += 1;
    }
  });
  if (titled === 0) return 0;
  return titled > 1 ? standing : standing - both;
}

export function weighEntities(context: ReadContext, scope: Scope, names: readonly string[]): readonly AskedWeight[] {
  const tenant = tenantOf(context.db, scope);
  if (tenant === null) return [];
  const view = graphView(context.indexes.of(context.db, tenant), allowedRows(context.db, tenant, scope, null));
  return weighIn(context.db, tenant, view, names);
}

/** The same by a view that is at hand. */
export function weighIn(
  db: Database,
  tenant: number,
  view: GraphView,
  names: readonly string[],
): readonly AskedWeight[] {
  const entityOf = foundBy(db, tenant, names);
  return [...new Set(names)].flatMap((asked) => {
    const entity = entityOf(asked);
    const weight = entity === null ? null : view.weight(view.name(entity));
    return weight ? { ...weight, asked } : [];
  });
}
