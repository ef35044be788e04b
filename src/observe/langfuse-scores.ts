import { randomUUID } from "node:crypto";
import type { LangfuseAccess } from "./telemetry.ts";

/** What an answer is judged by, filed at its trace. */
export interface Score {
  readonly traceId: string;
  readonly name: string;
  /** A text is a category. */
  readonly value: number | string;
  readonly sessionId?: string;
}

export interface ScoreSender {
  /** Never waits and never throws; when too many wait, this one is dropped. */
  add(score: Score): void;
  /** Sends what waits, for as long as the signal allows. */
  close(signal: AbortSignal): Promise<void>;
}

const batchSize = 100;
const mostWaiting = 1000;
const everyMs = 2000;
const timeoutMs = 5000;

/**
 * Scores go to Langfuse by its ingestion interface, because OTLP has no word for them: batches behind the requests,
 * one at a time. A batch that Langfuse does not take is lost, as spans are.
 */
export function langfuseScores(
  { publicKey, secretKey, baseUrl = "https://cloud.langfuse.com", environment }: LangfuseAccess,
  fetch: typeof globalThis.fetch,
  now: () => number,
): ScoreSender {
  let waiting: object[] = [];
  let timer: NodeJS.Timeout | null = null;
  const closing = new AbortController();
  let sending: Promise<void> = Promise.resolve();
  const address = `${baseUrl.replace(/\/$/, "")}/api/public/ingestion`;
  const credential = Buffer.from(`${publicKey}:${secretKey.reveal()}`).toString("base64");

  const send = async (): Promise<void> => {
    while (waiting.length > 0 && !closing.signal.aborted) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      await fetch(address, {
        method: "POST",
        headers: { authorization: `Basic ${credential}`, "content-type": "application/json" },
        body: JSON.stringify({ batch }),
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      })
        .then((response) => response.arrayBuffer())
        .catch(() => undefined);
    }
  };
  const start = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    return (sending = sending.then(send));
  };

  return {
    add: ({ traceId, name, value, sessionId }) => {
      if (waiting.length >= mostWaiting) return;
      const dataType = typeof value === "string" ? "CATEGORICAL" : "NUMERIC";
      const session = sessionId === undefined ? {} : { sessionId };
      const body = {
        id: randomUUID(),
        traceId,
        ...session,
        name,
        value,
        dataType,
        ...(environment === undefined ? {} : { environment }),
      };
      waiting.push({ id: randomUUID(), type: "score-create", timestamp: new Date(now()).toISOString(), body });
      timer ??= setTimeout(start, everyMs).unref();
    },
    close: async (signal) => {
      signal.addEventListener("abort", () => closing.abort());
      await start();
    },
  };
}
