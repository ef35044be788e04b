import { compareText } from "../../../filter/matches.ts";
import type { LinkedPassage, LinkKind, LinkRequest, LinkResult, PassageEdge } from "../../../ports/graph-store.ts";
import type { Scope } from "../../../scope.ts";
import { termMasks, textScores } from "../search/text-scores.ts";
import { checkVector } from "../vector/check-vector.ts";
import { cosine } from "../vector/cosine.ts";
import type { Database } from "../sqlite/database.ts";
import type { ReadContext } from "../workers/context.ts";
import { chunkColumns, chunkTables, storedVector, toChunk, type ChunkRow } from "./document-rows.ts";
import { isTitle, weightOf } from "./graph-reads.ts";
import { readDimensions } from "./identity.ts";
import { seenGraph, type MentionRow, type SeenGraph } from "./seen-graph.ts";

/** A passage that an edge may begin or end in. */
interface Place {
  readonly chunk_key: number;
  readonly chunk_id: string;
}

interface Round {
  readonly db: Database;
  readonly seen: SeenGraph;
  readonly request: LinkRequest;
  readonly except: ReadonlySet<string>;
}

/** One round of links; every name is looked up once, and a passage that is not seen neither carries nor counts. */
export function followLinks(context: ReadContext, scope: Scope, request: LinkRequest): LinkResult {
  const { db } = context;
  if (request.vector) checkVector(request.vector, readDimensions(db), "/vector");
  const seen = seenGraph(db, scope, request.filter);
  if (!seen) return { edges: [], passages: [], weights: [] };
  const round = { db, seen, request, except: new Set(request.except) };
  const seeds = seedsOf(round);
  const links = seeds.flatMap((seed) => [...namedLinks(round, seed), ...explicitLinks(round, seed)]);
  const titled = request.titled.flatMap((name) => titledBy(seen, name));
  const reached = new Map([...seeds, ...titled, ...links.map((link) => link.to)].map((p) => [p.chunk_key, p]));
  const names = new Set(seeds.flatMap((seed) => seen.mentionsIn(seed.chunk_key).map((mention) => mention.entity)));
  return {
    edges: links.map(({ from, to, entity, kind }) => ({ from: from.chunk_id, to: to.chunk_id, entity, kind })),
    passages: passagesOf(context, round, [...reached.keys()]),
    weights: [...names].toSorted(compareText).flatMap((name) => weightOf(seen, name) ?? []),
  };
}

function seedsOf({ db, seen, request }: Round): readonly Place[] {
  const rows = db.all<Place & { metadata_id: number; document_key: number }>(
    `SELECT chunk_key, chunk_id, metadata_id, document_key FROM chunks
     WHERE tenant = ? AND chunk_id IN (SELECT value FROM json_each(?))`,
    seen.tenant,
    JSON.stringify(request.seeds),
  );
  const byId = new Map(
    rows.filter((row) => seen.test(row.metadata_id, row.document_key)).map((row) => [row.chunk_id, row]),
  );
  return [...new Set(request.seeds)].flatMap((id) => byId.get(id) ?? []);
}

interface Link extends Omit<PassageEdge, "from" | "to"> {
  readonly from: Place;
  readonly to: Place;
}

function namedLinks(round: Round, seed: Place): readonly Link[] {
  const { seen } = round;
  const own = seen.mentionsIn(seed.chunk_key).filter((mention) => !round.except.has(mention.entity));
  const inBody = namesOf(own.filter((mention) => !isTitle(mention)));
  const asTitle = namesOf(own.filter(isTitle));
  const follow = (kind: LinkKind, entity: string, targets: readonly Place[]): readonly Link[] =>
    linksTo(round, { kind, entity, from: seed }, targets);
  return [
    ...inBody.flatMap((entity) => follow("forward", entity, titledBy(seen, entity))),
    ...asTitle.flatMap((entity) => follow("back", entity, standingIn(seen, entity))),
    ...inBody.flatMap((entity) => follow("shared", entity, sharing(round, entity))),
    ...inBody.flatMap((entity) => follow("subname", entity, namingLonger(round, entity))),
  ];
}

const linksTo = ({ request }: Round, link: Omit<Link, "to">, targets: readonly Place[]): readonly Link[] =>
  targets
    .filter((to) => to.chunk_key !== link.from.chunk_key)
    .slice(0, request.maxPassages)
    .map((to) => ({ ...link, to }));

const namesOf = (mentions: readonly MentionRow[]): readonly string[] =>
  [...new Set(mentions.map((mention) => mention.entity))].toSorted(compareText);

/** Each passage once, in the order of the ids. */
const placesOf = (rows: readonly Place[]): readonly Place[] =>
  [...new Map(rows.map((row) => [row.chunk_key, row])).values()].toSorted((a, b) =>
    compareText(a.chunk_id, b.chunk_id),
  );

const titledBy = (seen: SeenGraph, entity: string): readonly Place[] =>
  placesOf(seen.mentionsOf(entity).filter(isTitle));

const standingIn = (seen: SeenGraph, entity: string): readonly Place[] =>
  placesOf(seen.mentionsOf(entity).filter((mention) => !isTitle(mention)));

const sharing = ({ seen, request }: Round, entity: string): readonly Place[] =>
  (weightOf(seen, entity)?.passages ?? 0) <= request.maxShared ? standingIn(seen, entity) : [];

/** Passages that mention a longer name of which this one is a part. One word counts only when it is telling. */
function namingLonger({ db, seen, request }: Round, entity: string): readonly Place[] {
  const weight = weightOf(seen, entity);
  const isOneWord = !entity.includes(" ");
  if (isOneWord && (entity.length < 4 || !weight || (weight.titled === 0 && weight.passages < 3))) return [];
  const longer = db.all<{ entity: string }>(
    "SELECT entity FROM name_parts WHERE tenant = ? AND part = ?",
    seen.tenant,
    entity,
  );
  const places = placesOf(longer.flatMap((name) => seen.mentionsOf(name.entity)));
  return (weight?.passages ?? 0) + places.length <= request.maxSubname ? places : [];
}

/** A target is a document's source or id, else a name whose titled passages are meant. */
function explicitLinks(round: Round, seed: Place): readonly Link[] {
  const targets = round.db
    .all<{ target: string }>("SELECT DISTINCT target FROM passage_links WHERE chunk_key = ?", seed.chunk_key)
    .map((row) => row.target)
    .filter((target) => !round.except.has(target))
    .toSorted(compareText);
  return targets.flatMap((target) => {
    const passages = passagesOfDocument(round, target);
    const places = passages.length > 0 ? passages : titledBy(round.seen, target);
    return linksTo(round, { kind: "explicit", entity: target, from: seed }, places);
  });
}

/** Chunks carry their document's source; one that differs is found by its own. */
function passagesOfDocument({ db, seen }: Round, target: string): readonly Place[] {
  const rows = db.all<Place & { metadata_id: number; document_key: number }>(
    `SELECT c.chunk_key, c.chunk_id, c.metadata_id, c.document_key FROM documents d JOIN chunks c USING (document_key)
     WHERE d.tenant = ?1 AND d.document_id = ?2
     UNION SELECT chunk_key, chunk_id, metadata_id, document_key FROM chunks WHERE tenant = ?1 AND source = ?2`,
    seen.tenant,
    target,
  );
  return placesOf(rows.filter((row) => seen.test(row.metadata_id, row.document_key)));
}

function passagesOf(
  context: ReadContext,
  { db, seen, request }: Round,
  keys: readonly number[],
): readonly LinkedPassage[] {
  const index = context.indexes.of(db, seen.tenant);
  const slots = keys.map((key) => index.slotOf(key));
  const scores = textScores(index, slots, request.terms);
  const masks = termMasks(index, slots, request.terms);
  const order = new Map(keys.map((key, place) => [key, place]));
  return db
    .all<ChunkRow & { vector: Uint8Array | null }>(
      `SELECT ${chunkColumns}, c.vector FROM ${chunkTables} WHERE c.chunk_key IN (SELECT value FROM json_each(?))`,
      JSON.stringify(keys),
    )
    .map((row) => ({
      chunk: toChunk(row),
      cosine: request.vector && row.vector ? cosine(request.vector, storedVector(row.vector)) : null,
      bm25: scores[order.get(row.chunk_key)!]!,
      mask: masks[order.get(row.chunk_key)!]!,
      entities: mentionedIn(seen, row.chunk_key),
    }));
}

/** Ordered by name; a name may be both title and part of the body: then it is the title. */
function mentionedIn(seen: SeenGraph, chunkKey: number): LinkedPassage["entities"] {
  const own = seen.mentionsIn(chunkKey);
  return namesOf(own).map((entity) => ({
    entity,
    title: own.some((mention) => mention.entity === entity && isTitle(mention)),
  }));
}
