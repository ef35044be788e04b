import { trace } from "@opentelemetry/api";
import type { HybridRAG } from "../hybridrag.ts";
import type { ScoreSender } from "./langfuse-scores.ts";

/**
 * The library with every answer scored at its trace by what was checked anyway: how strong its evidence is, how many
 * quotes were found in their sources, and how many were not and so were dropped.
 */
export const scoredRag = (rag: HybridRAG, scores: ScoreSender): HybridRAG => ({
  ...rag,
  ask: async function* (scope, request, options) {
    let citations = 0;
    let dropped = 0;
    for await (const event of rag.ask(scope, request, options)) {
      if (event.type === "citation") citations += 1;
      if (event.type === "warning" && event.warning.code === "citations_dropped") dropped += 1;
      const traceId = event.type === "end" ? trace.getActiveSpan()?.spanContext().traceId : undefined;
      if (event.type === "end" && traceId !== undefined) {
        scores.add({ traceId, name: "evidence", value: event.evidence });
        scores.add({ traceId, name: "citations", value: citations });
        scores.add({ traceId, name: "citations_held", value: dropped === 0 ? 1 : 0 });
      }
      yield event;
    }
  },
});
