import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface DrainOptions {
  /** Time in which balancers see that the server is not ready, while it still answers. */
  readonly delayMs: number;
  /** Time that requests in flight get after the last connection was taken. */
  readonly timeoutMs: number;
}

const pollMs = 50;
/** A turn of the event loop this short had no connection to accept. */
const quietMs = 0.3;
const maxTurns = 200;

/**
 * Closes a server without cutting anybody off. First everything goes on, with each answer telling its connection to
 * close (the caller sees to that); then nothing new is accepted; then what is in flight ends, or is cut at the timeout.
 * @returns whether everything in flight ended by itself.
 */
export async function drain(server: Server, { delayMs, timeoutMs }: DrainOptions): Promise<boolean> {
  await sleep(delayMs);
  await quietTurn();
  let clean = true;
  // A connection that goes quiet after the listener has closed would otherwise be waited for.
  const idle = setInterval(() => server.closeIdleConnections(), pollMs);
  const cut = setTimeout(() => {
    clean = false;
    server.closeAllConnections();
  }, timeoutMs);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
  clearTimeout(cut);
  return clean;
}

/**
 * Connections that the kernel has taken and the process has not are reset when a listener closes. So it closes right
 * after a turn of the event loop that had nothing to accept.
 */
function quietTurn(): Promise<void> {
  return new Promise((resolve) => {
    const turn = (last: number, left: number): void => {
      setImmediate(() => {
        const now = performance.now();
        if (now - last < quietMs || left === 0) resolve();
        else turn(now, left - 1);
      });
    };
    turn(-Infinity, maxTurns);
  });
}
