import { HybridRAGError } from "../errors.ts";

/**
 * Runs work that must end in time. The signal that the work gets fires at the deadline or when the caller's does;
 * the promise settles at once then, even when the work does not listen.
 * @throws HybridRAGError `deadline_exceeded`; the caller's own reason when the caller gave up.
 */
export async function withDeadline<T>(
  deadlineMs: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(Math.ceil(deadlineMs));
  const signal = caller === undefined ? timeout : AbortSignal.any([timeout, caller]);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => {
    reject(caller?.aborted === true ? caller.reason : passed(deadlineMs));
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([stopped, work(signal)]);
  } catch (error) {
    if (caller?.aborted === true) throw caller.reason;
    throw timeout.aborted ? passed(deadlineMs) : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const passed = (deadlineMs: number): HybridRAGError =>
  new HybridRAGError("deadline_exceeded", `The query was not done after ${deadlineMs} ms; ask for less or try again.`, {
    details: { deadline_ms: deadlineMs },
  });
