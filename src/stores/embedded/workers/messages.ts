import type { SerializedError } from "../../../errors.ts";

/** What crosses between the main thread and a worker: plain data only. */
export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
  /** The caller's clock in milliseconds since 1970: workers have none of their own. */
  readonly now: number;
}

export type ReplyMessage =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: SerializedError };

/** From main: calls to run in order (for the writer, in one transaction), news of a shared index, or the end. */
export type ToWorker =
  | { readonly kind: "calls"; readonly calls: readonly CallMessage[] }
  | { readonly kind: "news"; readonly news: unknown }
  | { readonly kind: "stop" };

/** From a worker: it is up, it could not start, replies to calls, or news for the others. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: SerializedError }
  | { readonly kind: "replies"; readonly replies: readonly ReplyMessage[] }
  | { readonly kind: "news"; readonly news: unknown };
