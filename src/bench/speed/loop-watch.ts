import { monitorEventLoopDelay, performance } from "node:perf_hooks";

export interface LoopFigures {
  /** Milliseconds that a timer came late, for whatever reason. */
  readonly p99_ms: number;
  readonly max_ms: number;
  /**
   * The most processor time that this thread took between two ticks of a 10 ms timer: about the longest that it did
   * not yield. Unlike the delays, it does not grow when other programs take the processor.
   */
  readonly longest_turn_ms: number;
  /** Share of the time that the loop was at work, 0 to 1. */
  readonly busy: number;
}

const everyMs = 10;

/** Watches how late timers come in this thread, and why, from now until it is asked. */
export function watchLoop(): () => LoopFigures {
  const delay = monitorEventLoopDelay({ resolution: everyMs });
  const before = performance.eventLoopUtilization();
  let longest = 0;
  let last = process.threadCpuUsage();
  const ticker = setInterval(() => {
    const { user, system } = process.threadCpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.threadCpuUsage();
  }, everyMs);
  delay.enable();
  return () => {
    delay.disable();
    clearInterval(ticker);
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - everyMs);
    return {
      p99_ms: late(delay.percentile(99)),
      max_ms: late(delay.max),
      longest_turn_ms: longest,
      busy: performance.eventLoopUtilization(before).utilization,
    };
  };
}
