import type { Server } from "node:http";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { AnswerGate } from "./answer-gate.ts";

export interface DrainOptions {
  /** Time in which balancers see that the server is not ready, while it still answers. */
  readonly delayMs: number;
  /** Time that requests in flight get after the last connection was taken. */
  readonly timeoutMs: number;
  readonly gate: AnswerGate;
}

const pollMs = 50;
const quietMs = 60;
const patienceMs = 300;
const shortTurnMs = 0.25;

/**
 * Closes a server without cutting anybody off. First everything goes on, with each answer telling its connection to
 * close (the caller sees to that); then nothing new is accepted; then what is in flight ends, or is cut at the timeout.
 * @returns whether everything in flight ended by itself.
 */
export async function drain(server: Server, { delayMs, timeoutMs, gate }: DrainOptions): Promise<boolean> {
  await sleep(delayMs);
  gate.hold();
  await quietMoment(server);
  let clean = true;
  // A connection that goes quiet after the listener has closed would otherwise be waited for.
  const idle = setInterval(() => server.closeIdleConnections(), pollMs);
  const cut = setTimeout(() => {
    clean = false;
    server.closeAllConnections();
  }, timeoutMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    gate.release();
  });
  clearInterval(idle);
  clearTimeout(cut);
  return clean;
}

/**
 * Connections that the kernel has taken and the process has not are reset when a listener closes. Answers are held
 * back for this moment: a client that waits for one opens no connection, so soon none comes any more. It ends behind a
 * short turn of the event loop that found none to accept, because in a long one many may have come.
 */
async function quietMoment(server: Server): Promise<void> {
  let last = performance.now();
  const note = (): void => {
    last = performance.now();
  };
  server.on("connection", note);
  const patience = last + patienceMs;
  const end = patience + patienceMs;
  for (let before = -Infinity, now = last; now < end; before = now, now = performance.now()) {
    const isShort = now - before < shortTurnMs;
    if (isShort && last < before && (now - last > quietMs || now > patience)) break;
    await setImmediate();
  }
  server.off("connection", note);
}
