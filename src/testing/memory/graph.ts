import { compareText } from "../../filter/matches.ts";
import type { GraphStore } from "../../ports/graph-store.ts";
import { followLinks } from "./links.ts";
import { pageOf } from "./paging.ts";
import { entitiesOf, relationshipsOf, seen, linksPerPassage, weightsOf } from "./seen-graph.ts";
import { enter, type State } from "./state.ts";

/** The graph is never stored: every answer is derived from what the readable passages assert at that moment. */
export function memoryGraph(state: State): GraphStore {
  return {
    async entities(scope, names, options) {
      enter(state, options);
      const byName = new Map(entitiesOf(seen(state, scope, null)).map((entity) => [entity.normalized_name, entity]));
      return names.flatMap((name) => byName.get(name) ?? []);
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
    async neighbours(scope, { entity, limit, filter }, options) {
      enter(state, options);
      return relationshipsOf(seen(state, scope, filter ?? null))
        .filter(({ source_entity, target_entity }) => source_entity === entity || target_entity === entity)
        .slice(0, limit);
    },
    async mentions(scope, chunkIds, options) {
      enter(state, options);
      return seen(state, scope, null).mentions.filter((mention) => chunkIds.includes(mention.chunk_id));
    },
    async weigh(scope, names, options) {
      enter(state, options);
      return weightsOf(seen(state, scope, null), names);
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
  };
}
