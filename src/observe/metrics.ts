import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** The guide's buckets, in seconds and in results. */
const latencyBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const resultBuckets = [0, 1, 5, 10, 20, 50, 100];

/**
 * Every metric, with the guide's names, labels and buckets where it has them. One registry per service, so that two
 * in one process do not share counts. No label ever holds a tenant, a session or the text of a question.
 */
export interface Metrics {
  readonly registry: Registry;
  readonly searchRequests: Counter<"search_type" | "status">;
  readonly searchLatency: Histogram<"search_type">;
  readonly resultsCount: Histogram<"search_type">;
  readonly activeSessions: Gauge;
  readonly httpRequests: Counter<"route" | "method" | "status">;
  readonly httpLatency: Histogram<"route">;
  readonly rejected: Counter<"reason">;
  readonly ingestedChunks: Counter;
  readonly ingestedDocuments: Counter<"outcome">;
  readonly warnings: Counter<"code">;
  readonly tokens: Counter<"kind">;
  readonly cost: Counter;
  readonly storeUp: Gauge;
  readonly storeChunks: Gauge;
  readonly storeBehind: Gauge;
  readonly storeDetails: Gauge<"name">;
  readonly poolConnections: Gauge<"state">;
  readonly poolWaiting: Gauge;
  readonly indexReady: Gauge<"index">;
  readonly jobs: Gauge<"state">;
  readonly jobsEnded: Counter<"state">;
  readonly providerCalls: Counter<"provider" | "operation" | "outcome">;
  readonly providerLatency: Histogram<"provider" | "operation">;
  readonly providerCircuit: Gauge<"provider">;
  readonly cacheLookups: Counter<"cache" | "result">;
}

export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

export function createMetrics(options: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const shared = { registers: [registry] };
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, ...shared });
  const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, ...shared });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: L[]
  ): Histogram<L> => new Histogram({ name, help, buckets, labelNames, ...shared });
  return {
    registry,
    searchRequests: counter("hybridrag_search_requests_total", "Total search requests", "search_type", "status"),
    searchLatency: histogram("hybridrag_search_latency_seconds", "Search latency", latencyBuckets, "search_type"),
    resultsCount: histogram("hybridrag_results_count", "Number of results returned", resultBuckets, "search_type"),
    activeSessions: gauge("hybridrag_active_sessions", "Number of active conversation sessions"),
    httpRequests: counter(
      "hybridrag_http_requests_total",
      "HTTP requests by route and status",
      "route",
      "method",
      "status",
    ),
    httpLatency: histogram(
      "hybridrag_http_latency_seconds",
      "Time from the request to the end of the answer",
      latencyBuckets,
      "route",
    ),
    rejected: counter("hybridrag_rejected_requests_total", "Requests refused before any work", "reason"),
    ingestedChunks: counter("hybridrag_ingested_chunks_total", "Chunks written"),
    ingestedDocuments: counter("hybridrag_ingested_documents_total", "Documents by outcome", "outcome"),
    warnings: counter("hybridrag_warnings_total", "Warnings on results, by code", "code"),
    tokens: counter("hybridrag_tokens_total", "Tokens charged by providers", "kind"),
    cost: counter("hybridrag_cost_usd_total", "Cost of paid calls in US dollars"),
    storeUp: gauge("hybridrag_store_up", "1 while the last health probe of the store was good"),
    storeChunks: gauge("hybridrag_store_chunks", "Chunks in the store at the last probe"),
    storeBehind: gauge("hybridrag_store_behind", "Writes that were durable and not yet searchable at the last probe"),
    storeDetails: gauge(
      "hybridrag_store_details",
      "What else the store counts of itself, such as file_bytes of the embedded engine",
      "name",
    ),
    poolConnections: gauge("hybridrag_pool_connections", "Connections to MongoDB at the last probe", "state"),
    poolWaiting: gauge("hybridrag_pool_waiting", "Calls that waited for a connection to MongoDB at the last probe"),
    indexReady: gauge(
      "hybridrag_index_ready",
      "1 while a search index could be searched with the definition that is expected, at the last probe",
      "index",
    ),
    jobs: gauge("hybridrag_jobs", "Jobs of all servers that had not ended at the last probe", "state"),
    jobsEnded: counter("hybridrag_jobs_ended_total", "Jobs that this server let go of, by their new state", "state"),
    providerCalls: counter(
      "hybridrag_provider_calls_total",
      "Calls of providers, each attempt; the outcome is success or the code of the error",
      "provider",
      "operation",
      "outcome",
    ),
    providerLatency: histogram(
      "hybridrag_provider_latency_seconds",
      "Time of one attempt of a provider's call",
      latencyBuckets,
      "provider",
      "operation",
    ),
    providerCircuit: gauge(
      "hybridrag_provider_circuit_open",
      "1 while a provider that failed several times in a row is left alone",
      "provider",
    ),
    cacheLookups: counter("hybridrag_cache_lookups_total", "What caches were asked for", "cache", "result"),
  };
}

/** The table of `docs/metrics.md`. */
export async function describeMetrics({ registry }: Metrics): Promise<readonly MetricDescription[]> {
  const all = await registry.getMetricsAsJSON();
  return all.map(({ name, help, type }) => {
    const labels = (registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] }).labelNames ?? [];
    return { name, help, type: String(type) as MetricDescription["type"], labels };
  });
}
