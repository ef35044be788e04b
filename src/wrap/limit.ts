import type { Clock } from "./clock.ts";
import type { Guard, ProviderCall } from "./guard.ts";

/** What a provider allows for one model. */
export interface CallLimits {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** Calls at once. */
  readonly parallel: number;
}

export interface LimitOptions {
  readonly clock: Clock;
  /** Limits by model; null: none. One guard is shared by all work in the process. */
  readonly limitsOf: (provider: string, model: string) => CallLimits | null;
}

/** Share of the allowance that is used: the rest pays for the burst, so that no window of a minute is exceeded. */
const share = 0.95;
const burstMs = 0.05 * 60_000;

/**
 * Keeps calls under a provider's limits, so that it need not refuse any: requests and tokens a minute by GCRA (ITU-T
 * I.371, the leaky bucket as a schedule), and calls at once. Estimated tokens are corrected by the true count when an
 * answer comes. Urgent calls do not queue behind bulk work; bulk work waits the longer for it.
 */
export function limit({ clock, limitsOf }: LimitOptions): Guard {
  const gates = new Map<string, Gate>();
  const gateOf = (call: ProviderCall): Gate | null => {
    const limits = limitsOf(call.provider, call.model);
    if (limits === null) return null;
    const name = `${call.provider}/${call.model}`;
    const gate = gates.get(name) ?? newGate(clock, limits);
    gates.set(name, gate);
    return gate;
  };
  return {
    async call(call, run) {
      const gate = gateOf(call);
      if (gate === null) return run(call.signal);
      await gate.enter(call);
      try {
        const result = await run(call.signal);
        gate.correct(result.usage.inputTokens + result.usage.outputTokens - call.inputTokens);
        return result;
      } finally {
        gate.leave();
      }
    },
    async *stream(call, open) {
      const gate = gateOf(call);
      if (gate === null) return yield* open(call.signal);
      await gate.enter(call);
      try {
        for await (const part of open(call.signal)) {
          if (part.type === "finish") gate.correct(part.usage.inputTokens + part.usage.outputTokens - call.inputTokens);
          yield part;
        }
      } finally {
        gate.leave();
      }
    },
  };
}

interface Gate {
  enter(call: ProviderCall): Promise<void>;
  correct(tokens: number): void;
  leave(): void;
}

function newGate(clock: Clock, limits: CallLimits): Gate {
  const slots = semaphore(limits.parallel);
  const requests = schedule(clock, limits.requestsPerMinute);
  const tokens = schedule(clock, limits.tokensPerMinute);
  return {
    async enter(call) {
      await slots.enter(call.urgent, call.signal);
      const waitMs = Math.max(requests.reserve(1), tokens.reserve(call.inputTokens));
      if (waitMs <= 0 || call.urgent) return;
      try {
        await clock.sleep(waitMs, call.signal);
      } catch (error) {
        requests.add(-1);
        tokens.add(-call.inputTokens);
        slots.leave();
        throw error;
      }
    },
    correct: (count) => tokens.add(count),
    leave: () => slots.leave(),
  };
}

/** GCRA: `next` is when the bucket will have refilled what was taken so far. */
function schedule(clock: Clock, perMinute: number) {
  const msOf = (amount: number): number => (amount / (perMinute * share)) * 60_000;
  let next = Number.NEGATIVE_INFINITY;
  return {
    /** Takes `amount` and says how long to wait before using it. */
    reserve(amount: number): number {
      const earliest = Math.max(next, clock.now() - burstMs);
      next = earliest + msOf(amount);
      return earliest - clock.now();
    },
    add(amount: number): void {
      next += msOf(amount);
    },
  };
}

interface Waiter {
  readonly start: () => void;
}

function semaphore(size: number) {
  const waiting: Waiter[] = [];
  let free = size;
  return {
    enter(urgent: boolean, signal: AbortSignal | undefined): Promise<void> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (free > 0) {
        free--;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const quit = (): void => {
          waiting.splice(waiting.indexOf(waiter), 1);
          reject(signal?.reason);
        };
        const waiter: Waiter = {
          start() {
            signal?.removeEventListener("abort", quit);
            resolve();
          },
        };
        signal?.addEventListener("abort", quit, { once: true });
        if (urgent) waiting.unshift(waiter);
        else waiting.push(waiter);
      });
    },
    leave(): void {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next.start();
    },
  };
}
