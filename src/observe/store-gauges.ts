import type { StoreHealth } from "../ports/store.ts";
import type { Metrics } from "./metrics.ts";

/** Names of what stores count of themselves that have a metric of their own. */
const poolStates: Readonly<Record<string, string>> = { connections_open: "open", connections_in_use: "in_use" };
const jobStates: Readonly<Record<string, string>> = { jobs_queued: "queued", jobs_running: "running" };
const waiting = "calls_waiting";
const indexPrefix = "index_ready.";

/** Shows the last look at the store as gauges. */
export function setStoreGauges(metrics: Metrics, health: StoreHealth): void {
  metrics.storeUp.set(health.ready ? 1 : 0);
  metrics.storeChunks.set(health.chunks);
  metrics.storeBehind.set(health.behind);
  if (health.ready) metrics.activeSessions.set(health.sessions);
  for (const [name, value] of Object.entries(health.details)) setDetail(metrics, name, value);
}

function setDetail(metrics: Metrics, name: string, value: StoreHealth["details"][string]): void {
  if (name.startsWith(indexPrefix)) metrics.indexReady.set({ index: name.slice(indexPrefix.length) }, value ? 1 : 0);
  if (typeof value !== "number") return;
  if (name === waiting) metrics.poolWaiting.set(value);
  else if (poolStates[name] !== undefined) metrics.poolConnections.set({ state: poolStates[name] }, value);
  else if (jobStates[name] !== undefined) metrics.jobs.set({ state: jobStates[name] }, value);
  else metrics.storeDetails.set({ name }, value);
}
