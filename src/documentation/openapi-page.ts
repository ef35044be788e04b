import { packageVersion } from "../cli/version.ts";
import { loadConfig } from "../config/config.ts";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { openApiDocument } from "../server/openapi.ts";
import { serviceRoutes, type RouteParts } from "../server/routes/routes.ts";

/** Anything that routes take a part of while they are only described; to call it would be a mistake. */
const nothing: object = new Proxy(Object.freeze({}), { get: (_, name) => (name === "then" ? undefined : nothing) });

/** What `/openapi.json` of a service answers, for who wants to read it or make a client before one runs. */
export function openApiPage(): string {
  const { config } = loadConfig({ environment: {}, directory: "/nowhere" });
  const parts: RouteParts = {
    rag: nothing as RouteParts["rag"],
    probe: nothing as RouteParts["probe"],
    config,
    metrics: createMetrics(),
    log: createLog({ level: "silent" }),
    version: packageVersion(),
    pepper: null,
    openMetrics: false,
    now: () => 0,
  };
  return `${JSON.stringify(openApiDocument(serviceRoutes(parts), parts.version), null, 2)}\n`;
}
