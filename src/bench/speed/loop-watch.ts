import { monitorEventLoopDelay, performance } from "node:perf_hooks";

export interface LoopFigures {
  /** Milliseconds that a timer came late. */
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Share of the time that the loop was at work, 0 to 1. */
  readonly busy: number;
}

const resolution = 10;

/** Watches how late timers come in this thread, from now until it is asked. */
export function watchLoop(): () => LoopFigures {
  const delay = monitorEventLoopDelay({ resolution });
  const before = performance.eventLoopUtilization();
  delay.enable();
  return () => {
    delay.disable();
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution);
    return {
      p99_ms: late(delay.percentile(99)),
      max_ms: late(delay.max),
      busy: performance.eventLoopUtilization(before).utilization,
    };
  };
}
