import { Worker } from "node:worker_threads";
import { HybridRAGError } from "../../errors.ts";
import type { LoadAnswer } from "./load-worker.ts";
import type { LoadedDocument, LoadRequest } from "./loaded-document.ts";
import { tooLarge, unreadable } from "./refusal.ts";

export interface LoadPoolOptions {
  /** Files read at once. */
  readonly workers?: number;
  /** Per file; a file that takes longer is refused and its worker ended. */
  readonly timeoutMs?: number;
  /** Heap of one worker in MiB; a file that needs more is refused. */
  readonly memoryMb?: number;
  readonly maxFileBytes?: number;
}

/** Reads files in worker threads. A file that hangs or exhausts memory ends its own worker and nothing else. */
export interface LoadPool {
  /** Files read at once. */
  readonly workers: number;
  readonly maxFileBytes: number;
  /**
   * The request's bytes are moved to the worker and unusable afterwards when they own their buffer.
   * @throws HybridRAGError `unreadable`, `no_text`, `unsupported_type`, `too_large`; the signal's reason.
   */
  load(request: LoadRequest, options?: { readonly signal?: AbortSignal }): Promise<LoadedDocument>;
  close(): Promise<void>;
}

interface Task {
  readonly request: LoadRequest;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (document: LoadedDocument) => void;
  readonly reject: (error: unknown) => void;
}

export function loadPool(options: LoadPoolOptions = {}): LoadPool {
  const { workers: size = 2, timeoutMs = 10_000, memoryMb = 500, maxFileBytes = 100 * 2 ** 20 } = options;
  const idle: Worker[] = [];
  const waiting: Task[] = [];
  const running = new Set<Worker>();
  let closed = false;

  const start = (): Worker => {
    const worker = new Worker(new URL("./load-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      stdout: true,
      stderr: true,
    });
    worker.unref();
    return worker;
  };

  const next = (): void => {
    while (running.size < size) {
      const task = waiting.shift();
      if (!task) return;
      if (task.signal?.aborted) task.reject(task.signal.reason);
      else void run(idle.pop() ?? start(), task);
    }
  };

  const run = async (worker: Worker, task: Task): Promise<void> => {
    running.add(worker);
    const outcome = await runTask(worker, task, timeoutMs, memoryMb);
    running.delete(worker);
    if (outcome.reusable && !closed) idle.push(worker);
    else await worker.terminate();
    if (outcome.document) task.resolve(outcome.document);
    else task.reject(outcome.error);
    next();
  };

  return {
    workers: size,
    maxFileBytes,
    load(request, { signal } = {}) {
      if (request.bytes.length > maxFileBytes) {
        return Promise.reject(tooLarge(request.name, "its size in bytes", request.bytes.length, maxFileBytes));
      }
      if (closed) return Promise.reject(closedError());
      return new Promise((resolve, reject) => {
        waiting.push({ request, signal, resolve, reject });
        next();
      });
    },
    async close() {
      closed = true;
      for (const task of waiting.splice(0)) task.reject(closedError());
      await Promise.all([...idle.splice(0), ...running].map((worker) => worker.terminate()));
    },
  };
}

interface Outcome {
  readonly document?: LoadedDocument;
  readonly error?: unknown;
  /** The worker is whole and may read the next file. */
  readonly reusable: boolean;
}

/** One file in one worker: its answer, its death, the end of its time or the caller's abort, whichever comes first. */
function runTask(worker: Worker, task: Task, timeoutMs: number, memoryMb: number): Promise<Outcome> {
  const { request, signal } = task;
  return new Promise((resolve) => {
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      worker.removeAllListeners("message").removeAllListeners("error").removeAllListeners("exit");
      // A worker that is being terminated may still report an error; nobody waits for it.
      worker.on("error", () => undefined);
      worker.unref();
      resolve(outcome);
    };
    const refuse = (reason: string): void => finish({ error: unreadable(request.name, reason), reusable: false });
    const onAbort = (): void => finish({ error: signal?.reason, reusable: false });
    const timer = setTimeout(() => refuse(`reading it takes longer than ${timeoutMs / 1000} seconds`), timeoutMs);

    worker.ref();
    worker.on("message", (answer: LoadAnswer) => {
      if ("document" in answer) finish({ document: answer.document, reusable: true });
      else finish({ error: HybridRAGError.fromJSON(answer.error), reusable: true });
    });
    worker.on("error", (error: NodeJS.ErrnoException) =>
      refuse(
        error.code === "ERR_WORKER_OUT_OF_MEMORY" ? `reading it needs more than ${memoryMb} MB` : "its reader crashed",
      ),
    );
    worker.on("exit", () => refuse("its reader ended early"));
    signal?.addEventListener("abort", onAbort, { once: true });
    worker.postMessage(request, transferable(request.bytes));
  });
}

/** Moving is free; a view on a shared or pooled buffer is copied, because others look at it too. */
const transferable = (bytes: Uint8Array): ArrayBuffer[] =>
  bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer] : [];

const closedError = (): HybridRAGError =>
  new HybridRAGError("overloaded", "The readers are shut down; open them again before loading files.");
