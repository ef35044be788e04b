import { compareText } from "../../filter/matches.ts";
import { checkEditor, checkLast } from "../../edits/check-edit.ts";
import { comparePointers, type GraphStore, type Pointer } from "../../ports/graph-store.ts";
import { questionWords } from "../../walk/coverage.ts";
import { hopOver } from "../../walk/hop.ts";
import { followLinks } from "./links.ts";
import { passageNames } from "./passage-names.ts";
import { pageOf } from "./paging.ts";
import { askedWeights, entitiesOf, foundBy, linksPerPassage, relationshipsOf, seen } from "./seen-graph.ts";
import { enter, frozen, tenantOf, type State } from "./state.ts";

/** The graph is never stored: every answer is derived from what the readable passages assert at that moment. */
export function memoryGraph(state: State): GraphStore {
  const graph: Omit<GraphStore, "hop"> = {
    async entities(scope, names, options) {
      enter(state, options);
      const graph = seen(state, scope, null);
      const byName = new Map(entitiesOf(graph).map((entity) => [entity.normalized_name, entity]));
      return foundBy(graph.names, names).flatMap((name) => byName.get(name) ?? []);
    },
    async list(scope, request, options) {
      enter(state, options);
      const entities = entitiesOf(seen(state, scope, null)).filter((entity) =>
        entity.normalized_name.startsWith(request.prefix ?? ""),
      );
      return pageOf(
        entities,
        request,
        "entities",
        (entity) => [entity.normalized_name],
        ([a], [b]) => compareText(String(a), String(b)),
      );
    },
    async neighbours(scope, { entity, limit, filter, type }, options) {
      enter(state, options);
      const graph = seen(state, scope, filter ?? null);
      const [found] = foundBy(graph.names, [entity]);
      return relationshipsOf(graph)
        .filter((one) => one.source_entity === found || one.target_entity === found)
        .filter((one) => type === undefined || one.type === type)
        .slice(0, limit);
    },
    async mentions(scope, chunkIds, options) {
      enter(state, options);
      return seen(state, scope, null).mentions.filter((mention) => chunkIds.includes(mention.chunk_id));
    },
    async pointers(scope, chunkIds, options) {
      enter(state, options);
      return seen(state, scope, null)
        .links.filter((link): link is Pointer => link.kind !== "anchor" && chunkIds.includes(link.chunk_id))
        .toSorted(comparePointers);
    },
    async weigh(scope, names, options) {
      enter(state, options);
      return askedWeights(seen(state, scope, null), names);
    },
    async links(scope, request, options) {
      enter(state, options);
      return followLinks(state, scope, request, seen(state, scope, request.filter));
    },
    async linkDensity(scope, options) {
      enter(state, options);
      return linksPerPassage(seen(state, scope, null));
    },
    async count(scope, options) {
      enter(state, options);
      const graph = seen(state, scope, null);
      return {
        entities: entitiesOf(graph).length,
        relationships: relationshipsOf(graph).length,
        passages: graph.chunks.size,
        linksPerPassage: linksPerPassage(graph),
      };
    },
    async passageNames(scope, request, options) {
      enter(state, options);
      return passageNames(seen(state, scope, request.filter), request);
    },
    async edits(scope, options) {
      enter(state, options);
      checkEditor(scope);
      return [...tenantOf(state, scope).edits];
    },
    async edit(scope, edit, after, options) {
      enter(state, options);
      checkEditor(scope);
      const { edits } = tenantOf(state, scope);
      checkLast(edits.length, after);
      const added = frozen({ ...edit, sequence: after + 1 });
      edits.push(added);
      return added;
    },
  };
  const words = questionWords((text) => state.analyzer.analyze(text));
  return { ...graph, hop: hopOver(graph, words) };
}
