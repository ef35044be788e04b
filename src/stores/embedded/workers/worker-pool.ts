import type { Worker } from "node:worker_threads";
import { HybridRAGError, messageOf } from "../../../errors.ts";
import type { CallMessage, FromWorker, ReplyMessage, ToWorker } from "./messages.ts";

interface CallRequest {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly now: number;
  readonly signal?: AbortSignal;
}

/** One queue in front of one or more workers that all do the same. */
export interface WorkerPool {
  /**
   * Runs when a worker is free, in the order of the calls. An abort takes a waiting call out of the queue; one that
   * already runs is let go at once, or, where it writes, ends as it ends: the caller then knows what is stored.
   */
  call(request: CallRequest): Promise<unknown>;
  /** Starts the first worker; rejects when it cannot open the data. */
  ready(): Promise<void>;
  /** Told to every worker, also to those that start later. */
  tell(key: string, news: unknown): void;
  /** Waits for accepted calls, then ends the workers. */
  close(): Promise<void>;
}

export interface WorkerPoolOptions {
  readonly start: () => Worker;
  readonly size: number;
  /** Calls that one message may carry: more than one lets a writer commit them together. */
  readonly batch: number;
  /** Whether an aborted call may be left to itself while it runs. */
  readonly mayAbandon: boolean;
  readonly onNews: (news: unknown) => void;
}

/** News that workers started later are told: the newest, since they hold memory. */
const mostStanding = 64;

interface Waiting {
  readonly message: CallMessage;
  readonly settle: (reply: ReplyMessage) => void;
}

interface Member {
  readonly worker: Worker;
  readonly running: Map<number, Waiting>;
  readonly ready: Promise<void>;
}

export function workerPool(options: WorkerPoolOptions): WorkerPool {
  const queue: Waiting[] = [];
  const members: Member[] = [];
  const standing = new Map<string, unknown>();
  let nextId = 1;
  let closing: Promise<void> | null = null;
  let drained: (() => void) | null = null;

  const isIdle = (): boolean => queue.length === 0 && members.every((member) => member.running.size === 0);

  function dispatch(): void {
    while (queue.length > 0) {
      const member = members.find((candidate) => candidate.running.size === 0) ?? grow();
      if (!member) return;
      give(member, queue.splice(0, options.batch));
    }
    if (isIdle()) drained?.();
  }

  function give(member: Member, calls: readonly Waiting[]): void {
    for (const call of calls) member.running.set(call.message.id, call);
    // A worker at rest does not keep the process alive; one at work does.
    member.worker.ref();
    post(member.worker, { kind: "calls", calls: calls.map((call) => call.message) });
  }

  function grow(): Member | null {
    if (members.length >= options.size) return null;
    const worker = options.start();
    const running = new Map<number, Waiting>();
    const member: Member = { worker, running, ready: listen(worker, running) };
    member.ready.catch(() => undefined);
    members.push(member);
    for (const news of standing.values()) post(worker, { kind: "news", news });
    return member;
  }

  function listen(worker: Worker, running: Map<number, Waiting>): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: HybridRAGError): void => {
        const at = members.findIndex((member) => member.worker === worker);
        if (at >= 0) members.splice(at, 1);
        reject(error);
        const lost = [...running.values()];
        running.clear();
        for (const call of lost) call.settle({ id: call.message.id, ok: false, error: error.toJSON() });
        dispatch();
      };
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          resolve();
          if (running.size === 0) worker.unref();
        } else if (message.kind === "failed") {
          fail(HybridRAGError.fromJSON(message.error));
        } else if (message.kind === "news") {
          options.onNews(message.news);
        } else {
          for (const reply of message.replies) {
            const call = running.get(reply.id);
            running.delete(reply.id);
            call?.settle(reply);
          }
          if (running.size === 0) worker.unref();
          dispatch();
        }
      });
      worker.on("error", (error) => fail(workerFailed(messageOf(error), error)));
      worker.on("exit", () => fail(workerFailed("it ended")));
    });
  }

  return {
    call: ({ name, args, now, signal }) => {
      if (closing) return Promise.reject(storeClosed());
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          const at = queue.indexOf(waiting);
          if (at < 0 && !options.mayAbandon) return;
          if (at >= 0) queue.splice(at, 1);
          reject(signal?.reason);
          if (isIdle()) drained?.();
        };
        const settle = (reply: ReplyMessage): void => {
          signal?.removeEventListener("abort", abort);
          if (reply.ok) resolve(reply.value);
          else reject(HybridRAGError.fromJSON(reply.error));
        };
        const waiting: Waiting = { message: { id: nextId++, name, args, now }, settle };
        signal?.addEventListener("abort", abort, { once: true });
        queue.push(waiting);
        dispatch();
      });
    },
    ready: () => (members[0] ?? grow()!).ready,
    tell: (key, news) => {
      standing.delete(key);
      standing.set(key, news);
      if (standing.size > mostStanding) standing.delete(standing.keys().next().value!);
      for (const member of members) post(member.worker, { kind: "news", news });
    },
    close: () => (closing ??= end()),
  };

  async function end(): Promise<void> {
    if (!isIdle()) await new Promise<void>((resolve) => (drained = resolve));
    const ending = members.splice(0);
    await Promise.all(ending.map((member) => stopped(member.worker)));
  }
}

/** A worker closes its files by itself when it is told to stop; only then it ends. */
function stopped(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.removeAllListeners();
    worker.once("exit", () => resolve());
    worker.on("error", () => undefined);
    worker.ref();
    post(worker, { kind: "stop" });
  });
}

const post = (worker: Worker, message: ToWorker): void => worker.postMessage(message, []);

const workerFailed = (reason: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError("store_failed", `A worker of the embedded store stopped: ${reason}. Try again.`, { cause });

const storeClosed = (): HybridRAGError =>
  new HybridRAGError("store_failed", "The store was closed; open it again to use it.", { retryable: false });
