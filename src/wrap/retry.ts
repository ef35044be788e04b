import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import { type Clock, startDeadline, within } from "./clock.ts";
import type { Guard, ProviderCall } from "./guard.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** For all attempts and the waits between them; a stream must have begun by then. */
  readonly deadlineMs: number | ((call: ProviderCall) => number);
  readonly maxAttempts?: number | ((call: ProviderCall) => number);
  /** Wait before the second attempt; doubles after each, up to `maxDelayMs`. */
  readonly delayMs?: number;
  readonly maxDelayMs?: number;
  readonly onRetry?: (call: ProviderCall, attempt: number, error: HybridRAGError) => void;
}

/**
 * Repeats calls whose error is retryable: exponential back-off with full jitter (Brooker, "Exponential Backoff and
 * Jitter", 2015), never sooner than the provider's `retry-after`, and all within one deadline. A wait that would pass
 * the deadline is not begun: its error comes at once. A stream is repeated only until its first part was given out.
 */
export function retry(options: RetryOptions): Guard {
  const { clock } = options;
  return {
    call: (call, run) =>
      within(clock, deadlineOf(options, call), call.signal, async (signal, expired) => {
        const attempts = attemptCounter(options, call);
        for (;;) {
          try {
            return await run(signal);
          } catch (error) {
            await attempts.next(error, signal, expired());
          }
        }
      }),
    async *stream(call, open) {
      const deadline = startDeadline(clock, deadlineOf(options, call), call.signal);
      const attempts = attemptCounter(options, call);
      let begun = false;
      try {
        for (;;) {
          try {
            for await (const part of open(deadline.signal)) {
              if (!begun) deadline.stop();
              begun = true;
              yield part;
            }
            return;
          } catch (error) {
            if (begun) throw error;
            await attempts.next(error, deadline.signal, deadline.expired());
          }
        }
      } finally {
        deadline.stop();
      }
    },
  };
}

const deadlineOf = ({ deadlineMs }: RetryOptions, call: ProviderCall): number =>
  typeof deadlineMs === "function" ? deadlineMs(call) : deadlineMs;

/** Decides after each failure: waits and returns, or throws what the caller is to see. */
function attemptCounter(options: RetryOptions, call: ProviderCall) {
  const { clock, random, delayMs = 500, maxDelayMs = 20_000 } = options;
  const deadlineMs = deadlineOf(options, call);
  const maxAttempts =
    typeof options.maxAttempts === "function" ? options.maxAttempts(call) : (options.maxAttempts ?? 6);
  const end = clock.now() + deadlineMs;
  let attempt = 0;
  let last: unknown;
  return {
    async next(error: unknown, signal: AbortSignal, expired: boolean): Promise<void> {
      attempt++;
      if (call.signal?.aborted) throw call.signal.reason;
      if (expired) throw late(call, deadlineMs, last ?? error);
      last = error;
      if (!isHybridRAGError(error) || !error.retryable || attempt >= maxAttempts) throw error;
      const jitter = random() * Math.min(maxDelayMs, delayMs * 2 ** (attempt - 1));
      const asked = error.details["retry_after_ms"];
      const wait = typeof asked === "number" ? asked + jitter / 10 : jitter;
      if (clock.now() + wait >= end) throw error;
      options.onRetry?.(call, attempt, error);
      try {
        await clock.sleep(wait, signal);
      } catch {
        throw call.signal?.aborted ? call.signal.reason : late(call, deadlineMs, error);
      }
    },
  };
}

const late = (call: ProviderCall, deadlineMs: number, cause: unknown): HybridRAGError =>
  new HybridRAGError(
    "deadline_exceeded",
    `${call.provider} did not answer within ${deadlineMs} ms, retries included.`,
    {
      details: { provider: call.provider, model: call.model, deadline_ms: deadlineMs },
      cause,
    },
  );
