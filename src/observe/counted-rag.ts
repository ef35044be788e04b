import type { HybridRAG } from "../hybridrag.ts";
import type { Usage, Warning } from "../records.ts";
import type { Metrics } from "./metrics.ts";

/** The library with every warning, token, cent and document counted, whoever asked for it. */
export function countedRag(rag: HybridRAG, metrics: Metrics): HybridRAG {
  return {
    ...rag,
    search: async (scope, request, options) => {
      const found = await rag.search(scope, request, options);
      for (const warning of found.warnings) countWarning(metrics, warning);
      return found;
    },
    ask: (scope, request, options) =>
      tapped(rag.ask(scope, request, options), (event) => {
        if (event.type === "warning") countWarning(metrics, event.warning);
        if (event.type === "end") countUsage(metrics, event.usage);
      }),
    ingest: (scope, sources, options) =>
      tapped(rag.ingest(scope, sources, options), (event) => {
        if (event.type === "warning") countWarning(metrics, event.warning);
        if (event.type !== "file") return;
        const { outcome, chunks } = event.result;
        metrics.ingestedDocuments.inc({ outcome });
        if (outcome === "indexed" || outcome === "updated") metrics.ingestedChunks.inc(chunks);
      }),
  };
}

const countWarning = ({ warnings }: Metrics, { code }: Warning): void => warnings.inc({ code });

function countUsage({ tokens, cost }: Metrics, usage: Usage): void {
  for (const kind of ["input", "output", "embedding", "rerank"] as const) {
    const count = usage[`${kind}_tokens`];
    if (count > 0) tokens.inc({ kind }, count);
  }
  if (usage.cost_usd > 0) cost.inc(usage.cost_usd);
}

async function* tapped<T>(events: AsyncIterable<T>, see: (event: T) => void): AsyncGenerator<T, void> {
  for await (const event of events) {
    see(event);
    yield event;
  }
}
