import type { Server } from "node:http";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";

export interface DrainOptions {
  /** Time in which balancers see that the server is not ready, while it still answers. */
  readonly delayMs: number;
  /** Time that requests in flight get after the last connection was taken. */
  readonly timeoutMs: number;
}

const pollMs = 50;
const quietMs = 0.25;
const patienceMs = 2000;

/**
 * Closes a server without cutting anybody off. First everything goes on, with each answer telling its connection to
 * close (the caller sees to that); then nothing new is accepted; then what is in flight ends, or is cut at the timeout.
 * @returns whether everything in flight ended by itself.
 */
export async function drain(server: Server, { delayMs, timeoutMs }: DrainOptions): Promise<boolean> {
  await sleep(delayMs);
  await quietTurn(server);
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
 * behind a short turn of the event loop that found none to accept: what is left is the time between two system calls.
 */
async function quietTurn(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted += 1;
  };
  server.on("connection", count);
  const end = performance.now() + patienceMs;
  for (let last = -Infinity, now = performance.now(); now < end; last = now, now = performance.now()) {
    if (accepted === 0 && now - last < quietMs) break;
    accepted = 0;
    await setImmediate();
  }
  server.off("connection", count);
}
