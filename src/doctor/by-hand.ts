import { type Check, unknown } from "./check.ts";

/** Lines of the checklist that only people can tick off; each says how they are shown. */
const lines: Readonly<Record<string, readonly [Check["area"], string, string]>> = {
  "security.network": [
    "security",
    "Who may reach the cluster is kept by Atlas.",
    "Atlas, Network Access: only the addresses of the servers, or a private endpoint.",
  ],
  "operation.load": [
    "operation",
    "Latency and errors under load are measured against a running service.",
    "hybridrag loadtest URL; exit 3 when p50, p99 or the error rate miss the target.",
  ],
  "operation.scaling": [
    "operation",
    "Several servers behind a balancer are tried with deploy/nginx or deploy/haproxy.",
    "Stop one server with SIGTERM under load: no request may fail.",
  ],
  "observability.alerts": [
    "observability",
    "Alerts, dashboards and who is on call are kept by your monitoring.",
    "Alert on hybridrag_store_up, on http_request_duration_seconds and on the rate of 5xx: docs/metrics.md.",
  ],
};

export const byHand: readonly Check[] = Object.entries(lines).map(([id, [area, message, remedy]]) => ({
  id,
  area,
  run: async () => unknown(message, remedy),
}));
