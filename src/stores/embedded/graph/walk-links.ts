import type { LinkResult } from "../../../ports/graph-store.ts";
import type { HopRequest } from "../../../ports/hop.ts";
import type { Scope } from "../../../scope.ts";
import { answeredAtOnce } from "../../../walk/ask.ts";
import { hop } from "../../../walk/hop.ts";
import { unreadIds } from "../../../walk/wanted-ids.ts";
import { getChunks } from "../tables/chunk-reads.ts";
import { listEntities, neighbours } from "../tables/graph-reads.ts";
import type { ReadContext } from "../workers/context.ts";
import { linkFinder, type FoundLinks } from "./follow-links.ts";
import { asTitle } from "./graph-segment.ts";
import { linkDensity, weighEntities } from "./link-density.ts";
import { sentHop, type SentHop } from "./sent-hop.ts";

/** A whole walk beside the graph: only the request and the best passages cross to the main thread, with their chunks. */
export function walkLinks(context: ReadContext, scope: Scope, request: HopRequest): SentHop {
  let find: ((request: Parameters<ReturnType<typeof linkFinder>>[0]) => FoundLinks) | null = null;
  const result = answeredAtOnce(hop(request, context.words), {
    linkDensity: () => linkDensity(context, scope),
    weigh: (names) => weighEntities(context, scope, names),
    neighbours: (asked) => neighbours(context, scope, asked),
    list: (asked) => listEntities(context, scope, asked),
    links: (asked) => linkResult((find ??= linkFinder(context, scope, asked))(asked)),
  });
  const wanted = unreadIds(result.hits, request);
  const chunks = wanted.length === 0 ? [] : getChunks(context, scope, wanted);
  return sentHop(request, { ...result, chunks }, context.transfer);
}

/** As the port has it. */
function linkResult({ links, reached, mentioned, weights }: FoundLinks): LinkResult {
  return {
    edges: links.map(({ from, to, entity, kind }) => ({ from: from.id, to: to.id, entity, kind })),
    passages: reached.map((place) => {
      const { cosine, bm25, mask } = place.scores!;
      const entities = mentioned(place).map(({ entity, flags }) => ({ entity, title: (flags & asTitle) !== 0 }));
      return { chunk_id: place.id, cosine, bm25, mask, entities };
    }),
    weights,
  };
}
