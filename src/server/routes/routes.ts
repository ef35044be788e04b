import type { Logger } from "pino";
import type { Config } from "../../config/config.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import { agentMemory } from "../../memory/agent-memory.ts";
import type { Metrics } from "../../observe/metrics.ts";
import type { Secret } from "../../secret.ts";
import type { HealthProbe } from "../health-probe.ts";
import { openApiDocument } from "../openapi.ts";
import { ok, route, type Route } from "../route.ts";
import { searchObserver } from "../search-observer.ts";
import { chatRoutes } from "./chat.ts";
import { documentRoutes } from "./documents.ts";
import { graphRoutes } from "./graph.ts";
import { graphEditRoutes } from "./graph-edits.ts";
import { healthRoutes } from "./health.ts";
import { ingestRoutes } from "./ingest.ts";
import { keyRoutes } from "./keys.ts";
import { memoryRoutes } from "./memories.ts";
import { searchRoutes } from "./search.ts";
import { sessionRoutes } from "./sessions.ts";

export interface RouteParts {
  readonly rag: HybridRAG;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly probe: HealthProbe;
  readonly version: string;
  readonly pepper: Secret | null;
  readonly openMetrics: boolean;
  readonly now: () => number;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Everything that the service answers, in the order of its description. */
export function serviceRoutes(parts: RouteParts): readonly Route[] {
  const { rag, config, metrics, log, probe, version, now } = parts;
  const observe = searchObserver(metrics, log, now);
  const agents = agentMemory({ memories: rag.store.memories, embedder: rag.embedder, now });
  const routes = [
    ...searchRoutes(rag, agents, observe),
    ...chatRoutes(rag, agents, observe, now),
    ...documentRoutes(rag),
    ...ingestRoutes(rag),
    ...sessionRoutes(rag, config.session_ttl_days * dayMs),
    ...memoryRoutes(rag.store.memories, agents),
    ...graphRoutes(rag),
    ...graphEditRoutes(rag.graph),
    ...keyRoutes({ keys: rag.store.keys, audit: rag.store.audit, pepper: parts.pepper, now }),
    ...healthRoutes(probe, metrics, { openMetrics: parts.openMetrics }),
  ];
  return [...routes, descriptionRoute(() => openApiDocument(routes, version))];
}

function descriptionRoute(describe: () => Readonly<Record<string, unknown>>): Route {
  let text: string | null = null;
  return route({
    method: "get",
    path: "/openapi.json",
    summary: "The description of this service (OpenAPI 3.1)",
    tag: "operations",
    needs: null,
    responses: { 200: null },
    handle: async () => {
      text ??= JSON.stringify(describe());
      return ok(text, 200, { "content-type": "application/json; charset=utf-8" });
    },
  });
}
