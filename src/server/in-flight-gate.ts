import { HybridRAGError } from "../errors.ts";

/** Runs the work, or refuses it. */
export type InFlightGate = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * A queue that only grows helps nobody: what comes on top is refused at once.
 * @throws HybridRAGError `overloaded`.
 */
export function inFlightGate(most: number): InFlightGate {
  let inFlight = 0;
  return async (work) => {
    if (inFlight >= most) {
      throw new HybridRAGError("overloaded", "Too much work is waiting; try again in a second.", {
        details: { retry_after_ms: 1000 },
      });
    }
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  };
}
