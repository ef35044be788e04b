import type { LinkedPassage, LinkKind, LinkRequest, LinkResult, PassageEdge } from "../../ports/graph-store.ts";
import type { PassageLink } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { allowedChunks, corpusOf, scoresOf, termsOf } from "./chunks.ts";
import { distinct, isTitle, targetsOf, titledBy, weightsOf, type SeenGraph } from "./seen-graph.ts";
import type { State } from "./state.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { cosine } from "./vectors.ts";

/** One round of links, as `LinkRequest` describes them, by scanning every mention for every seed. */
export function followLinks(state: State, scope: Scope, request: LinkRequest, graph: SeenGraph): LinkResult {
  if (request.vector) checkVector(request.vector, state.identity?.dimensions ?? null, "/vector");
  const seeds = [...new Set(request.seeds)].filter((id) => graph.chunks.has(id));
  const edges = seeds.flatMap((seed) => [...namedLinks(seed, request, graph), ...explicitLinks(seed, request, graph)]);
  const titled = request.titled.flatMap((name) => titledBy(graph, name));
  const reached = new Set([...seeds, ...titled, ...edges.map((edge) => edge.to)]);
  const bm25 = scoresOf(
    corpusOf(state, scope),
    [...new Set(request.terms)].map((term) => [term]),
  );
  return {
    edges,
    passages: allowedChunks(state, scope, request.filter)
      .filter(({ chunk }) => reached.has(chunk.chunk_id))
      .map((stored) => ({
        chunk_id: stored.chunk.chunk_id,
        cosine: request.vector && stored.vector ? cosine(request.vector, stored.vector) : null,
        bm25: bm25.get(stored) ?? 0,
        mask: maskOf(request.terms, termsOf(stored)),
        entities: mentionedIn(graph, stored.chunk.chunk_id, request.except),
      })),
    weights: weightsOf(graph, distinct(graph.mentions.filter((m) => seeds.includes(m.chunk_id)).map((m) => m.entity))),
  };
}

const maskOf = (terms: readonly string[], words: ReadonlySet<string>): number =>
  terms.reduce((mask, term, bit) => (words.has(term) ? mask | (1 << bit) : mask), 0);

/** Ordered by name; a name may be both title and part of the body: then it is the title. */
function mentionedIn(graph: SeenGraph, chunkId: string, asked: readonly string[]): LinkedPassage["entities"] {
  const own = graph.mentions.filter(({ chunk_id, entity }) => chunk_id === chunkId && asked.includes(entity));
  return distinct(own.map((mention) => mention.entity)).map((entity) => ({
    entity,
    title: own.some((mention) => mention.entity === entity && isTitle(mention)),
  }));
}

function namedLinks(seed: string, request: LinkRequest, graph: SeenGraph): readonly PassageEdge[] {
  const own = graph.mentions.filter((mention) => mention.chunk_id === seed && !request.except.includes(mention.entity));
  const inBody = distinct(own.filter((mention) => !isTitle(mention)).map((mention) => mention.entity));
  const asTitle = distinct(own.filter(isTitle).map((mention) => mention.entity));
  return [
    ...inBody.flatMap((entity) => edgesTo("forward", seed, entity, titledBy(graph, entity), request)),
    ...asTitle.flatMap((entity) => edgesTo("back", seed, entity, mentioning(graph, entity), request)),
    ...inBody.flatMap((entity) => edgesTo("shared", seed, entity, sharing(graph, entity, request), request)),
    ...inBody.flatMap((entity) => edgesTo("subname", seed, entity, namingLonger(graph, entity, request), request)),
  ];
}

const edgesTo = (
  kind: LinkKind,
  from: string,
  entity: string,
  targets: readonly string[],
  request: LinkRequest,
): readonly PassageEdge[] =>
  targets
    .filter((to) => to !== from)
    .slice(0, request.maxPassages)
    .map((to) => ({ from, to, entity, kind }));

const mentioning = (graph: SeenGraph, entity: string): readonly string[] =>
  distinct(graph.mentions.filter((m) => m.entity === entity && !isTitle(m)).map((m) => m.chunk_id));

function sharing(graph: SeenGraph, entity: string, request: LinkRequest): readonly string[] {
  const passages = weightsOf(graph, [entity])[0]?.passages ?? 0;
  return passages <= request.maxShared ? mentioning(graph, entity) : [];
}

/** Passages that mention a longer name of which this one is a part. One word counts only when it is telling. */
function namingLonger(graph: SeenGraph, entity: string, request: LinkRequest): readonly string[] {
  const weight = weightsOf(graph, [entity])[0];
  const isOneWord = !entity.includes(" ");
  if (isOneWord && (entity.length < 4 || !weight || (weight.titled === 0 && weight.passages < 3))) return [];
  const longer = graph.mentions.filter(
    (m) => m.entity !== entity && m.entity.split(" ").length <= 7 && ` ${m.entity} `.includes(` ${entity} `),
  );
  const passages = distinct(longer.map((m) => m.chunk_id));
  return (weight?.passages ?? 0) + passages.length <= request.maxSubname ? passages : [];
}

function explicitLinks(seed: string, request: LinkRequest, graph: SeenGraph): readonly PassageEdge[] {
  const own = graph.links.filter((link) => link.chunk_id === seed && !request.except.includes(link.target));
  const addresses = distinct(own.map(({ kind, target }) => JSON.stringify([target, kind])));
  return addresses.flatMap((address) => {
    const [target, kind] = JSON.parse(address) as [string, PassageLink["kind"]];
    return kind === "anchor" ? [] : edgesTo(kind, seed, target, targetsOf(graph, target), request);
  });
}
