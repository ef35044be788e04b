import type { Metrics } from "./metrics.ts";

/** What the library tells of its providers, as metrics: the `watch` of `openHybridRAG`. */
export const providerMetrics = (metrics: Metrics) => ({
  attempt: (
    { provider, operation }: { readonly provider: string; readonly operation: string },
    outcome: string,
    seconds: number,
  ): void => {
    metrics.providerCalls.inc({ provider, operation, outcome });
    metrics.providerLatency.observe({ provider, operation }, seconds);
    // So that the gauge is there before anything has gone wrong.
    metrics.providerCircuit.inc({ provider }, 0);
  },
  lookup: (cache: string, hits: number, misses: number): void => {
    metrics.cacheLookups.inc({ cache, result: "hit" }, hits);
    metrics.cacheLookups.inc({ cache, result: "miss" }, misses);
  },
  circuit: (provider: string, state: "open" | "closed"): void => {
    metrics.providerCircuit.set({ provider }, state === "open" ? 1 : 0);
  },
});
