import type { Clock } from "./clock.ts";

export interface ManualClock extends Clock {
  /** Moves time, waking sleepers in the order of their times and letting what they start run. */
  advance(milliseconds: number): Promise<void>;
  /** Moves time to the next sleeper again and again until `work` is done. */
  drive<T>(work: Promise<T>): Promise<T>;
}

/** A clock that stands still until it is moved. */
export function manualClock(start = 1_763_000_000_000): ManualClock {
  let now = start;
  let sleepers: { at: number; wake: () => void }[] = [];

  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  async function advanceTo(end: number): Promise<void> {
    for (;;) {
      await settle();
      const next = sleepers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      now = Math.max(now, next.at);
      sleepers = sleepers.filter((sleeper) => sleeper !== next);
      next.wake();
    }
    now = Math.max(now, end);
    await settle();
  }

  return {
    now: () => now,
    sleep(milliseconds, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { at: now + Math.max(0, milliseconds), wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
      });
    },
    advance: (milliseconds) => advanceTo(now + milliseconds),
    async drive(work) {
      let done = false;
      const end = (): void => void (done = true);
      work.then(end, end);
      for (;;) {
        await settle();
        if (done) return work;
        const next = Math.min(...sleepers.map(({ at }) => at));
        if (Number.isFinite(next)) await advanceTo(next);
      }
    },
  };
}
