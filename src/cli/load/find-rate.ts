import type { LoadReport } from "./open-loop.ts";

/** What one rate gave. */
export interface RateTrial {
  readonly rate: number;
  readonly ok: boolean;
  readonly report: LoadReport;
}

export interface FoundRate {
  /** Requests a second; null when not even the first rate was held. */
  readonly sustained: RateTrial | null;
  readonly trials: readonly RateTrial[];
}

const highest = 100_000;

/**
 * The highest rate that is held: doubles from `start` until one fails, then halves the gap until it is within
 * `precision` (0.1: a tenth). Each trial stands alone, so that a queue of one is not charged to the next.
 */
export async function findRate(
  start: number,
  precision: number,
  tryRate: (rate: number) => Promise<RateTrial>,
): Promise<FoundRate> {
  const trials: RateTrial[] = [];
  let good: RateTrial | null = null;
  let bad: number | null = null;
  for (let rate = start; rate <= highest; rate = bad === null ? rate * 2 : (good!.rate + bad) / 2) {
    const trial = await tryRate(rate);
    trials.push(trial);
    if (trial.ok) good = trial;
    else bad = rate;
    const isClose = good !== null && bad !== null && bad / good.rate - 1 <= precision;
    if (isClose || good === null) break;
  }
  return { sustained: good, trials };
}
