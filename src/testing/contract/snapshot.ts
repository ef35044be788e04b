import type { ChunkSearch, ChunkSearchResult } from "../../ports/chunk-store.ts";
import type { Store } from "../../ports/store.ts";
import type { Document } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { PassageNamesRequest } from "../../ports/graph-store.ts";
import { textAt } from "../../text/text-list.ts";
import { allPages, vectorOf } from "./examples.ts";

export const plainSearch = { vector: null, text: null, filter: null, candidates: 50 } satisfies ChunkSearch;

const queries = ["kafka", "broker lag", "the red topic", "zürich 日本", "kafkq", "nothing"];

/** What stays the same when a document leaves and comes back. */
export const timeless = ({ version: _v, created_at: _c, updated_at: _u, ...rest }: Document) => rest;

/** A search result in one order and without what depends on the machine. */
function comparable(result: ChunkSearchResult) {
  const withoutTime = <T extends { readonly milliseconds: number } | null>(leg: T) =>
    leg && { ...leg, milliseconds: 0 };
  return {
    ...result,
    candidates: result.candidates
      .map(({ chunk, vector, ...scores }) => ({ ...scores, chunk: chunk.chunk_id, vector: vector && [...vector] }))
      .toSorted((a, b) => (a.chunk < b.chunk ? -1 : 1)),
    vector: withoutTime(result.vector),
    text: withoutTime(result.text),
  };
}

/** What every kind of search answers to a few questions. */
export async function searchSnapshot(store: Store, scope: Scope, filter: ChunkSearch["filter"] = null) {
  const search = async (request: Partial<ChunkSearch>) =>
    comparable(await store.chunks.search(scope, { ...plainSearch, filter, ...request }));
  const answers: unknown[] = [await search({ vector: vectorOf("kafka"), candidates: 2, withVectors: true })];
  for (const query of queries) {
    answers.push(await search({ text: { query, repairTypos: true } }));
    answers.push(await search({ vector: vectorOf(query), text: { query }, candidates: 3 }));
  }
  answers.push(await search({ text: { query: "broker topic", phrases: ["broker topic"] } }));
  return answers;
}

/** What the graph answers about these names. */
export async function graphSnapshot(store: Store, scope: Scope, names: readonly string[], seeds: readonly string[]) {
  const { graph } = store;
  const neighbours = [];
  for (const entity of names) neighbours.push(await graph.neighbours(scope, { entity, limit: 10 }));
  const links = await graph.links(scope, {
    seeds,
    titled: names.slice(0, 1),
    except: names.slice(1, 2),
    filter: null,
    maxShared: 3,
    maxSubname: 10,
    maxPassages: 10,
    terms: ["kafka", "lag"],
    vector: vectorOf("kafka"),
  });
  return {
    entities: byKey(await graph.entities(scope, names), (entity) => entity.normalized_name).map((entity) => ({
      ...entity,
      provenance: entity.provenance.toSorted(),
    })),
    mentions: byKey(await graph.mentions(scope, seeds), (mention) => JSON.stringify(mention)),
    listed: (await allPages((request) => graph.list(scope, request), 2)).map((entity) => entity.normalized_name),
    neighbours: neighbours.map((found) =>
      found.map((relationship) => ({ ...relationship, provenance: relationship.provenance.toSorted() })),
    ),
    weights: byKey(await graph.weigh(scope, names), (weight) => JSON.stringify(weight)),
    count: await graph.count(scope),
    named: await namedPassages(store, scope),
    edges: byKey(links.edges, (edge) => JSON.stringify(edge)),
    passages: byKey(links.passages, ({ chunk_id }) => chunk_id).map(({ cosine, ...rest }) => ({
      ...rest,
      // Told to within .01, so it is compared on its own.
      hasCosine: cosine !== null,
      entities: byKey(rest.entities, (mentioned) => mentioned.entity),
    })),
    linkWeights: byKey(links.weights, (weight) => weight.entity),
  };
}

/** The passages with their names, in one order. */
export async function namedPassages(store: Store, scope: Scope, request: Partial<PassageNamesRequest> = {}) {
  const given = { filter: null, limit: 1000, known: null, ...request };
  const { total, passages, documents, names, ends, mentioned } = (await store.graph.passageNames(scope, given))!;
  const told = Array.from(passages.ends, (_end, row) => ({
    id: textAt(passages, row),
    document: documents[row]!,
    names: Array.from(mentioned.subarray(ends[row - 1] ?? 0, ends[row]), (name) => textAt(names, name)).toSorted(),
  }));
  const ordered = byKey(told, ({ id }) => id);
  const first = [...new Set(ordered.map(({ document }) => document))];
  return {
    total,
    passages: ordered.map((passage) => ({ ...passage, document: first.indexOf(passage.document) })),
    names: Array.from(names.ends, (_end, name) => textAt(names, name)).toSorted(),
  };
}

/** Everything that a tenant's documents make the store answer. */
export async function snapshot(store: Store, scope: Scope, names: readonly string[], seeds: readonly string[]) {
  const documents = await allPages((request) => store.documents.list(scope, request), 2);
  const chunks = [];
  for (const { document_id } of documents) {
    const vectors = [...(await store.chunks.vectors(scope, document_id))].map(([hash, vector]) => [hash, [...vector]]);
    chunks.push({ chunks: await store.chunks.ofDocument(scope, document_id), vectors: vectors.toSorted() });
  }
  return {
    documents: documents.map(timeless),
    count: await store.documents.count(scope),
    chunks,
    searches: await searchSnapshot(store, scope),
    graph: await graphSnapshot(store, scope, names, seeds),
  };
}

const byKey = <T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] =>
  items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
