import { setImmediate as nextTurn } from "node:timers/promises";
import { semaphore } from "./semaphore.ts";

const sliceMs = 12;

/** Runs a generator to its end; what it does between two steps is not interrupted. */
export type RunInSlices = <T>(steps: Generator<void, T>, signal?: AbortSignal) => Promise<T>;

/**
 * For work that must stay in this thread: other events get their turn every few milliseconds, however many generators
 * are run. They run one after another, because all that wait for the next turn would go on in the same one.
 */
export function timeSlices(now: () => number): RunInSlices {
  const gate = semaphore(1);
  let began = now();
  return (steps, signal) =>
    gate(async () => {
      for (;;) {
        if (now() - began > sliceMs) {
          await nextTurn();
          signal?.throwIfAborted();
          began = now();
        }
        const step = steps.next();
        if (step.done) return step.value;
      }
    });
}

/** The same without a pause, where nothing else waits. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
