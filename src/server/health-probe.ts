import type { Logger } from "pino";
import type { Metrics } from "../observe/metrics.ts";
import { setStoreGauges } from "../observe/store-gauges.ts";
import type { Store, StoreHealth } from "../ports/store.ts";

/** The last look at the store, and whether the server is on its way out. */
export interface HealthProbe {
  readonly last: () => StoreHealth | null;
  readonly ready: () => boolean;
  readonly draining: () => boolean;
  /** Looks now. */
  look(): Promise<StoreHealth>;
  /** From here on not ready: the balancer sends no more. */
  drain(): void;
  stop(): void;
}

export interface HealthProbeParts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly everyMs: number;
}

/** Feeds readiness and gauges from the store every so often; no request pays for it, and no paid service is called. */
export async function startHealthProbe({ store, metrics, log, everyMs }: HealthProbeParts): Promise<HealthProbe> {
  let last: StoreHealth | null = null;
  let draining = false;
  const look = async (): Promise<StoreHealth> => {
    const health = await store.health();
    if (last !== null && last.ready !== health.ready)
      log.warn({ ready: health.ready }, health.ready ? "store_ready" : "store_not_ready");
    last = health;
    setStoreGauges(metrics, health);
    return health;
  };
  const quietly = () => {
    look().catch((error: unknown) => {
      last = null;
      metrics.storeUp.set(0);
      log.error({ exception: error }, "health_probe_failed");
    });
  };
  await look().catch((error: unknown) => log.error({ exception: error }, "health_probe_failed"));
  const timer = setInterval(quietly, everyMs);
  timer.unref();
  return {
    last: () => last,
    ready: () => !draining && last?.ready === true,
    draining: () => draining,
    look,
    drain: () => {
      draining = true;
    },
    stop: () => clearInterval(timer),
  };
}
