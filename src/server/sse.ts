import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { StreamEvent } from "./route.ts";

/** Longer than any proxy's patience would be too long. */
const heartbeatMs = 15_000;
/** Who reads nothing for so long is gone, or holds the work of others up. */
const longestStallMs = 60_000;

/**
 * Writes events as they come, waits when the client reads slowly, and keeps silent proxies awake. An error after the
 * first event becomes an `error` event with a problem document, since the status has already been sent.
 */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterable<StreamEvent>,
  options: {
    readonly headers: Readonly<Record<string, string>>;
    readonly problem: (error: unknown) => unknown;
    readonly done?: string;
    readonly stallMs?: number;
  },
): Promise<void> {
  const { stallMs = longestStallMs } = options;
  response.writeHead(200, {
    ...options.headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  const heartbeat = setInterval(() => response.write(": still here\n\n"), heartbeatMs);
  try {
    for await (const event of events) {
      await writeEvent(response, event, stallMs);
      if (response.destroyed) break;
    }
    if (options.done !== undefined && !response.destroyed) response.write(`data: ${options.done}\n\n`);
  } catch (error) {
    if (!response.destroyed) await writeEvent(response, { event: "error", data: options.problem(error) }, stallMs);
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

async function writeEvent(response: ServerResponse, { event, data }: StreamEvent, stallMs: number): Promise<void> {
  const name = event === undefined ? "" : `event: ${event}\n`;
  if (response.write(`${name}data: ${JSON.stringify(data)}\n\n`) || response.destroyed) return;
  const settled = new AbortController();
  const stalled = setTimeout(() => response.destroy(), stallMs);
  const { signal } = settled;
  try {
    await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  } finally {
    clearTimeout(stalled);
    settled.abort();
  }
}
