import { isHybridRAGError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import type { Guard, ProviderCall } from "./guard.ts";

/** Told of what happens around providers, for metrics. It may not throw, and nothing waits for it. */
export interface ProviderWatch {
  /** One attempt: a call that is repeated is told of each time. `outcome` is "success" or the code of the error. */
  attempt(call: ProviderCall, outcome: string, seconds: number): void;
  /** How many of the things looked for a cache held. */
  lookup(cache: "embeddings" | "rankings" | "objects" | "searches", hits: number, misses: number): void;
  circuit(provider: string, state: "open" | "closed"): void;
  /** Paid calls of an ingest end with this process, because none could be started for them. Told once. */
  courierMissing?(reason: string): void;
}

/** Measures each attempt; it belongs innermost, so that waits for limits and repetitions are not in it. */
export function watched(watch: ProviderWatch, clock: Clock): Guard {
  const outcomeOf = (error: unknown): string => (isHybridRAGError(error) ? error.code : "unexpected");
  const since = (started: number): number => (clock.now() - started) / 1000;
  return {
    async call(call, run) {
      const started = clock.now();
      let outcome = "success";
      try {
        return await run(call.signal);
      } catch (error) {
        outcome = outcomeOf(error);
        throw error;
      } finally {
        watch.attempt(call, outcome, since(started));
      }
    },
    async *stream(call, open) {
      const started = clock.now();
      let outcome = "success";
      try {
        yield* open(call.signal);
      } catch (error) {
        outcome = outcomeOf(error);
        throw error;
      } finally {
        watch.attempt(call, outcome, since(started));
      }
    },
  };
}
