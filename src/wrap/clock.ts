import { setTimeout as timer } from "node:timers/promises";

/** Time as the wrappers use it; tests move it by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Rejects with the signal's reason when it is cancelled. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  async sleep(milliseconds, signal) {
    try {
      await timer(milliseconds, undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

/**
 * Runs `work` with a signal that also ends `milliseconds` from now. `expired` says afterwards whether that was why;
 * nothing is left running.
 */
export async function within<T>(
  clock: Clock,
  milliseconds: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal, expired: () => boolean) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(clock, milliseconds, outer);
  try {
    return await work(deadline.signal, deadline.expired);
  } finally {
    deadline.stop();
  }
}

export interface Deadline {
  readonly signal: AbortSignal;
  expired(): boolean;
  stop(): void;
}

export function startDeadline(clock: Clock, milliseconds: number, outer: AbortSignal | undefined): Deadline {
  const late = new AbortController();
  const done = new AbortController();
  clock.sleep(milliseconds, done.signal).then(
    () => late.abort(),
    () => {},
  );
  return {
    signal: outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]),
    expired: () => late.signal.aborted,
    stop: () => done.abort(),
  };
}
