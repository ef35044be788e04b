import { compareText } from "../../../filter/matches.ts";
import { comparePointers, type GraphCounts, type NeighbourRequest, type Pointer } from "../../../ports/graph-store.ts";
import type { Page, PageRequest } from "../../../ports/store.ts";
import type { Entity, Mention, Relationship } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import { countExplicitLinks } from "../graph/explicit-density.ts";
import type { Database } from "../sqlite/database.ts";
import type { CallContext, ReadContext } from "../workers/context.ts";
import { countDocuments } from "./document-reads.ts";
import { foundBy, noEntity, shownAs } from "./edited-names.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { seenGraph, type MentionRow, type SeenGraph } from "./seen-graph.ts";

export function getEntities({ db }: CallContext, scope: Scope, names: readonly string[]): readonly Entity[] {
  const seen = seenGraph(db, scope, null);
  if (!seen) return [];
  const entities = new Set(names.map(foundBy(db, seen.tenant, names)));
  return [...entities].flatMap((entity) => (entity === null ? [] : (entityOf(db, seen, entity) ?? [])));
}

export function listEntities(
  { db }: CallContext,
  scope: Scope,
  request: PageRequest & { readonly prefix?: string },
): Page<Entity> {
  const limit = checkedLimit(request.limit);
  const prefix = request.prefix ?? "";
  const [after] = decodeCursor<[string]>(request.cursor, ["string"]) ?? [null];
  const seen = seenGraph(db, scope, null);
  if (!seen) return { items: [], next: null };
  const found: Entity[] = [];
  const walk = db.each<{ entity: string }>(
    `SELECT entity FROM entity_names WHERE tenant = ?1 AND entity >= ?2 AND (?3 IS NULL OR entity > ?3) ORDER BY entity`,
    seen.tenant,
    prefix,
    after,
  );
  for (const { entity } of walk) {
    if (!entity.startsWith(prefix)) break;
    const known = entityOf(db, seen, entity);
    if (known) found.push(known);
    if (found.length > limit) break;
  }
  return pageOf(
    found,
    limit,
    (entity) => entity,
    (entity) => [entity.normalized_name],
  );
}

/** What the passages that are seen say of a name; null when none does. */
function entityOf(db: Database, seen: SeenGraph, entity: string): Entity | null {
  const mentions = seen.mentionsOf(entity);
  if (mentions.length === 0) return null;
  const names = commonestFirst(mentions.map((mention) => mention.name));
  const name = shownAs(db, seen.tenant, entity, names);
  return {
    normalized_name: entity,
    name,
    type: commonestFirst(mentions.map((mention) => mention.type))[0]!,
    aliases: names.filter((one) => one !== name).toSorted(compareText),
    description: "",
    provenance: chunkIdsOf(mentions),
  };
}

const chunkIdsOf = (rows: readonly { readonly chunk_id: string }[]): readonly string[] =>
  [...new Set(rows.map((row) => row.chunk_id))].toSorted(compareText);

function commonestFirst(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([a, x], [b, y]) => y - x || compareText(a, b)).map(([value]) => value);
}

const isTitle = (mention: MentionRow): boolean => mention.kind === "title";

export function mentionsIn({ db }: CallContext, scope: Scope, chunkIds: readonly string[]): readonly Mention[] {
  const seen = seenGraph(db, scope, null);
  if (!seen) return [];
  return db
    .all<Mention & { metadata_id: number; document_key: number }>(
      `SELECT c.chunk_id, m.entity, m.name, m.kind, m.type, m."start", m."end", c.metadata_id, c.document_key
       FROM chunks c JOIN mentions m USING (chunk_key)
       WHERE c.tenant = ? AND m.entity <> '${noEntity}' AND c.chunk_id IN (SELECT value FROM json_each(?))`,
      seen.tenant,
      JSON.stringify(chunkIds),
    )
    .filter((row) => seen.test(row.metadata_id, row.document_key))
    .map(({ metadata_id: _m, document_key: _d, ...mention }) => mention);
}

export function pointersIn({ db }: CallContext, scope: Scope, chunkIds: readonly string[]): readonly Pointer[] {
  const seen = seenGraph(db, scope, null);
  if (!seen) return [];
  return db
    .all<Pointer & { metadata_id: number; document_key: number }>(
      `SELECT c.chunk_id, l.kind, l.target, l."start", l."end", c.metadata_id, c.document_key
       FROM chunks c JOIN passage_links l USING (chunk_key)
       WHERE c.tenant = ? AND l.kind <> 'anchor' AND c.chunk_id IN (SELECT value FROM json_each(?))`,
      seen.tenant,
      JSON.stringify(chunkIds),
    )
    .filter((row) => seen.test(row.metadata_id, row.document_key))
    .map(({ metadata_id: _m, document_key: _d, ...pointer }) => pointer)
    .toSorted(comparePointers);
}

interface AssertionRow {
  readonly source_entity: string;
  readonly target_entity: string;
  readonly type: string;
  readonly description: string;
  readonly weight: number;
  readonly chunk_id: string;
  readonly metadata_id: number;
  readonly document_key: number;
}

const assertionRows = `SELECT a.source_entity, a.target_entity, a.type, a.description, a.weight, c.chunk_id,
  c.metadata_id, c.document_key FROM assertions a JOIN chunks c USING (chunk_key)`;

export function neighbours({ db }: CallContext, scope: Scope, request: NeighbourRequest): readonly Relationship[] {
  const seen = seenGraph(db, scope, request.filter ?? null);
  return seen === null ? [] : neighboursIn(db, seen, request);
}

/** The same in a part of the graph that is at hand. */
export function neighboursIn(db: Database, seen: SeenGraph, request: NeighbourRequest): readonly Relationship[] {
  const limit = checkedLimit(request.limit);
  const rows = db.all<AssertionRow>(
    `${assertionRows} WHERE a.tenant = ?1 AND (a.source_entity = ?2 OR a.target_entity = ?2)
     AND (?3 IS NULL OR a.type = ?3)`,
    seen.tenant,
    foundBy(db, seen.tenant, [request.entity])(request.entity),
    request.type ?? null,
  );
  return relationshipsOf(rows.filter((row) => seen.test(row.metadata_id, row.document_key))).slice(0, limit);
}

/** Strongest first: the weight is the sum over the assertions, the description that of the weightiest. */
function relationshipsOf(rows: readonly AssertionRow[]): readonly Relationship[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row.source_entity, row.target_entity, row.type]));
  return [...groups.values()].map(relationshipOf).toSorted(strongestFirst);
}

function relationshipOf(rows: readonly AssertionRow[]): Relationship {
  const ordered = rows.toSorted(
    (a, b) => b.weight - a.weight || compareText(a.description, b.description) || compareText(a.chunk_id, b.chunk_id),
  );
  const { source_entity, target_entity, type, description } = ordered[0]!;
  return {
    source_entity,
    target_entity,
    type,
    description,
    // In a fixed order, so that a sum does not depend on when each part came.
    weight: ordered.reduce((sum, row) => sum + row.weight, 0),
    provenance: chunkIdsOf(ordered),
  };
}

const strongestFirst = (a: Relationship, b: Relationship): number =>
  b.weight - a.weight ||
  compareText(a.source_entity, b.source_entity) ||
  compareText(a.target_entity, b.target_entity) ||
  compareText(a.type, b.type);

export function countGraph(context: ReadContext, scope: Scope): GraphCounts {
  const { db } = context;
  const seen = seenGraph(db, scope, null);
  if (!seen) return { entities: 0, relationships: 0, passages: 0, linksPerPassage: 0 };
  const passages = countDocuments(context, scope).chunks;
  const groups = db.all<Omit<AssertionRow, "description" | "weight" | "chunk_id">>(
    `SELECT DISTINCT a.source_entity, a.target_entity, a.type, c.metadata_id, c.document_key
     FROM assertions a JOIN chunks c USING (chunk_key) WHERE a.tenant = ? AND a.source_entity <> '${noEntity}'`,
    seen.tenant,
  );
  const relationships = new Set(
    groups
      .filter((row) => seen.test(row.metadata_id, row.document_key))
      .map((row) => JSON.stringify([row.source_entity, row.target_entity, row.type])),
  );
  return { relationships: relationships.size, passages, ...countNames(context, seen, passages) };
}

/** Entities, and how often a name or an address in a passage leads to another one. */
function countNames(
  { db }: CallContext,
  seen: SeenGraph,
  passages: number,
): Pick<GraphCounts, "entities" | "linksPerPassage"> {
  const names = new Map<string, { titled: Set<number>; standing: Set<number> }>();
  const walk = db.each<MentionRow>(
    `SELECT m.entity, m.kind, m.chunk_key, c.metadata_id, c.document_key
     FROM mentions m JOIN chunks c USING (chunk_key) WHERE m.tenant = ? AND m.entity <> '${noEntity}'`,
    seen.tenant,
  );
  for (const row of walk) {
    if (!seen.test(row.metadata_id, row.document_key)) continue;
    const name = names.get(row.entity) ?? { titled: new Set(), standing: new Set() };
    names.set(row.entity, name);
    (isTitle(row) ? name.titled : name.standing).add(row.chunk_key);
  }
  const named = [...names.values()].reduce((sum, { titled, standing }) => sum + linksTo(titled, standing), 0);
  const links = named + explicitLinks(db, seen);
  return { entities: names.size, linksPerPassage: passages === 0 ? 0 : links / passages };
}

function explicitLinks(db: Database, { tenant, test }: SeenGraph): number {
  const isSeen = (row: Pick<ChunkPlace, "metadata_id" | "document_key">) => test(row.metadata_id, row.document_key);
  const passages = db.all<ChunkPlace>(
    `SELECT chunk_key, metadata_id, document_key FROM chunks
     WHERE chunk_key IN (SELECT chunk_key FROM passage_links WHERE tenant = ? AND kind <> 'anchor')`,
    tenant,
  );
  const keys = passages.filter(isSeen).map((row) => row.chunk_key);
  return countExplicitLinks(db, tenant, keys, isSeen);
}

interface ChunkPlace {
  readonly chunk_key: number;
  readonly metadata_id: number;
  readonly document_key: number;
}

/** Passages that hold a name which another passage has as its title. */
const linksTo = (titled: ReadonlySet<number>, standing: ReadonlySet<number>): number =>
  titled.size === 0 ? 0 : titled.size > 1 ? standing.size : standing.size - (standing.has([...titled][0]!) ? 1 : 0);
