import { setTimeout as sleep } from "node:timers/promises";

export interface LoadPlan {
  readonly requests: number;
  /** Requests a second, whether answers come or not. */
  readonly rate: number;
  /** More than this at once are not sent, and count as failed. */
  readonly maxInFlight: number;
  readonly signal?: AbortSignal;
}

/** Sends one request; answers its status, or the code of what went wrong. */
export type SendOne = (index: number) => Promise<string>;

export interface LoadReport {
  readonly requests: number;
  readonly seconds: number;
  /** Requests a second that were answered. */
  readonly answered_per_second: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly errors: number;
  readonly error_rate: number;
  /** How often each status or code came. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/**
 * An open loop: each request has its moment, and its latency counts from that moment, so that a server that stalls is
 * charged for the requests that had to wait (no coordinated omission). Failed requests have a latency as well.
 */
export async function openLoop(plan: LoadPlan, send: SendOne, now: () => number): Promise<LoadReport> {
  const latencies: number[] = [];
  const outcomes: Record<string, number> = {};
  const running = new Set<Promise<void>>();
  const started = now();

  const one = async (index: number, due: number): Promise<void> => {
    const outcome = running.size >= plan.maxInFlight ? "too many in flight" : await send(index);
    latencies.push(now() - due);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
  for (let index = 0; index < plan.requests && !plan.signal?.aborted; index++) {
    const due = started + (index / plan.rate) * 1000;
    const early = due - now();
    if (early > 1) await sleep(early);
    const task: Promise<void> = one(index, due).finally(() => running.delete(task));
    running.add(task);
  }
  await Promise.all(running);
  return reportOf(latencies, outcomes, (now() - started) / 1000);
}

function reportOf(
  latencies: readonly number[],
  outcomes: Readonly<Record<string, number>>,
  seconds: number,
): LoadReport {
  const sorted = latencies.toSorted((a, b) => a - b);
  const requests = sorted.length;
  const good = outcomes["200"] ?? 0;
  return {
    requests,
    seconds,
    answered_per_second: good / seconds,
    p50_ms: quantile(sorted, 0.5),
    p95_ms: quantile(sorted, 0.95),
    p99_ms: quantile(sorted, 0.99),
    max_ms: sorted.at(-1) ?? 0,
    errors: requests - good,
    error_rate: requests === 0 ? 1 : (requests - good) / requests,
    outcomes,
  };
}

/** The smallest value that at least this share of all values does not pass. */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
