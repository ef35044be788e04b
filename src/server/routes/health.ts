import { z } from "zod";
import type { Metrics } from "../../observe/metrics.ts";
import type { HealthProbe } from "../health-probe.ts";
import { ok, route, type Route } from "../route.ts";

const state = z.object({ status: z.enum(["ok", "not ready"]) });

const storeHealth = z.object({
  ready: z.boolean(),
  identity: z.object({ embedder: z.string(), dimensions: z.int(), chunker: z.string() }).nullable(),
  documents: z.int(),
  chunks: z.int(),
  sessions: z.int(),
  behind: z.int(),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** Alive: the process answers. Ready: the store answers and the server is not draining. Details need a credential. */
export function healthRoutes(
  probe: HealthProbe,
  metrics: Metrics,
  options: { readonly openMetrics: boolean },
): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/livez",
      summary: "Is the process alive?",
      tag: "operations",
      needs: null,
      responses: { 200: state },
      handle: async () => ok({ status: "ok" }),
    }),
    route({
      method: "get",
      path: "/readyz",
      summary: "May requests be sent here?",
      tag: "operations",
      needs: null,
      responses: { 200: state, 503: state },
      handle: async () => (probe.ready() ? ok({ status: "ok" }) : ok({ status: "not ready" }, 503)),
    }),
    route({
      method: "get",
      path: "/healthz",
      summary: "The state of the store in detail",
      tag: "operations",
      needs: "admin",
      responses: { 200: storeHealth, 503: storeHealth },
      handle: async () => {
        const health = await probe.look();
        return ok(health, health.ready ? 200 : 503);
      },
    }),
    route({
      method: "get",
      path: "/metrics",
      summary: "Metrics in the text format of Prometheus",
      tag: "operations",
      needs: options.openMetrics ? null : "admin",
      responses: { 200: null },
      handle: async () => ({
        status: 200,
        body: await metrics.registry.metrics(),
        headers: { "content-type": metrics.registry.contentType },
      }),
    }),
  ];
}
