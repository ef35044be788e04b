import { HybridRAGError, messageOf } from "../errors.ts";
import type { Check, Finding } from "./check.ts";

export interface Examined extends Finding {
  readonly id: string;
  readonly area: Check["area"];
}

export interface ExamineOptions {
  /** Milliseconds that one check may take. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Runs the checks one after another and yields each finding as it comes; a check that throws or hangs has failed. */
export async function* examine(checks: readonly Check[], options: ExamineOptions): AsyncGenerator<Examined, void> {
  for (const check of checks) {
    options.signal?.throwIfAborted();
    yield { id: check.id, area: check.area, ...(await findingOf(check, options.timeoutMs)) };
  }
}

async function findingOf(check: Check, timeoutMs: number): Promise<Finding> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new HybridRAGError("deadline_exceeded", `No answer within ${timeoutMs / 1000} seconds.`)),
    timeoutMs,
  );
  try {
    return await Promise.race([check.run(), late.promise]);
  } catch (error) {
    return { state: "failed", message: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
