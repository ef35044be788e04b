import { setImmediate as nextTurn } from "node:timers/promises";

const sliceMs = 12;

/** Runs a generator to its end and lets other work in whenever it has held the thread for a few milliseconds. */
export async function runInSlices<T>(
  steps: Generator<void, T>,
  options: { readonly now: () => number; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  let began = options.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (options.now() - began < sliceMs) continue;
    await nextTurn();
    options.signal?.throwIfAborted();
    began = options.now();
  }
}
