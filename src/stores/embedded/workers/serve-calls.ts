import type { MessagePort, Transferable } from "node:worker_threads";
import { storeError } from "../sqlite/store-error.ts";
import type { CallMessage, FromWorker, ReplyMessage, ToWorker } from "./messages.ts";

/** What a worker does with what arrives; `run` answers the calls of one message, in their order. */
export interface WorkerBody {
  run(calls: readonly CallMessage[], transfer: Transferable[]): readonly ReplyMessage[];
  news(news: unknown): void;
  close(): void;
}

/** Opens the worker's body and answers calls until the port closes. A failure to open is told, not thrown. */
export function serveCalls(port: MessagePort, open: (news: (news: unknown) => void) => WorkerBody): void {
  const send = (message: FromWorker, transfer: Transferable[] = []): void => port.postMessage(message, transfer);
  const body = opened(() => open((news) => send({ kind: "news", news })), send);
  if (body === null) return;
  port.on("message", (message: ToWorker) => {
    if (message.kind === "news") return body.news(message.news);
    if (message.kind === "stop") {
      body.close();
      return port.close();
    }
    const transfer: Transferable[] = [];
    send({ kind: "replies", replies: body.run(message.calls, transfer) }, transfer);
  });
  send({ kind: "ready" });
}

function opened(open: () => WorkerBody, send: (message: FromWorker) => void): WorkerBody | null {
  try {
    return open();
  } catch (error) {
    send({ kind: "failed", error: storeError(error).toJSON() });
    return null;
  }
}

/** One call's outcome as a reply; whatever it throws becomes a typed error. */
export function replyTo(call: CallMessage, work: () => unknown): ReplyMessage {
  try {
    return { id: call.id, ok: true, value: work() };
  } catch (error) {
    return failure(call, error);
  }
}

export const failure = (call: CallMessage, error: unknown): ReplyMessage => ({
  id: call.id,
  ok: false,
  error: storeError(error).toJSON(),
});
