import type { Logger } from "pino";
import { isHybridRAGError } from "../errors.ts";
import type { Metrics } from "../observe/metrics.ts";

interface Observed {
  readonly mode: string;
  readonly results: readonly { readonly score: number }[];
}

/** Runs a search and records it under the guide's names: metrics and log events. The question's text stays out. */
export type SearchObserver = <T>(asked: Asked, run: () => Promise<T>, observed: (result: T) => Observed) => Promise<T>;

export interface Asked {
  /** What the search is counted as when it fails: there is no result then that could say. */
  readonly type: string;
  readonly body: unknown;
  readonly requestId: string;
}

export function searchObserver(metrics: Metrics, log: Logger, now: () => number): SearchObserver {
  return async ({ type, body, requestId }, run, observed) => {
    const started = now();
    const { query, session_id } = (body ?? {}) as { readonly query?: unknown; readonly session_id?: unknown };
    const bound = log.child({
      logger: "hybridrag.search",
      request_id: requestId,
      query_length: typeof query === "string" ? query.length : 0,
      ...(typeof session_id === "string" ? { session_id } : {}),
    });
    bound.info("search_started");
    try {
      const result = await run();
      const { mode, results } = observed(result);
      metrics.searchRequests.inc({ search_type: mode, status: "success" });
      metrics.searchLatency.observe({ search_type: mode }, (now() - started) / 1000);
      metrics.resultsCount.observe({ search_type: mode }, results.length);
      const top_score = results[0]?.score ?? 0;
      bound.info({ latency_ms: now() - started, results_count: results.length, top_score }, "search_completed");
      return result;
    } catch (error) {
      const error_type = isHybridRAGError(error) ? error.code : "unexpected";
      metrics.searchRequests.inc({ search_type: type, status: "error" });
      metrics.searchLatency.observe({ search_type: type }, (now() - started) / 1000);
      bound.error({ error, error_type }, "search_failed");
      throw error;
    }
  };
}
