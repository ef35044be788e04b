import type { LoadReport } from "./open-loop.ts";

/** The targets of the production guide, unless others are given. */
export interface Gates {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errorRate: number;
}

export interface Verdict {
  readonly gate: "p50_ms" | "p99_ms" | "error_rate";
  readonly value: number;
  /** The value must be below. */
  readonly below: number;
  readonly ok: boolean;
}

export function judge(report: LoadReport, gates: Gates): readonly Verdict[] {
  const verdict = (gate: Verdict["gate"], below: number): Verdict => ({
    gate,
    value: report[gate],
    below,
    ok: report[gate] < below,
  });
  return [verdict("p50_ms", gates.p50Ms), verdict("p99_ms", gates.p99Ms), verdict("error_rate", gates.errorRate)];
}

/** All gates are kept, and answers came as fast as they were asked for: a queue that grows is not held. */
export const holds = (report: LoadReport, rate: number, gates: Gates): boolean =>
  judge(report, gates).every(({ ok }) => ok) && report.answered_per_second > 0.9 * rate;
