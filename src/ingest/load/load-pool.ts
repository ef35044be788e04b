import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { HybridRAGError } from "../../errors.ts";
import type { LoadAnswer } from "./load-worker.ts";
import type { LoadedDocument, LoadRequest } from "./loaded-document.ts";
import { processorMs } from "./processor-time.ts";
import { tooLarge, unreadable } from "./refusal.ts";

export interface LoadPoolOptions {
  /** Files read at once. */
  readonly workers?: number;
  /**
   * Per file, on the processor where the system tells it, so that a busy machine refuses nothing; a file that takes
   * longer, or six times as long by the clock, is refused and its worker ended.
   */
  readonly timeoutMs?: number;
  /** Heap of one worker in MiB; a file that needs more is refused. */
  readonly memoryMb?: number;
  readonly maxFileBytes?: number;
}

/**
 * Reads files in worker processes. A file that hangs or exhausts memory ends its own worker and nothing else: V8
 * ends the whole process when a parser runs out of memory inside one step, so threads would not be enough.
 */
export interface LoadPool {
  /** Files read at once. */
  readonly workers: number;
  readonly maxFileBytes: number;
  /** @throws HybridRAGError `unreadable`, `no_text`, `unsupported_type`, `too_large`; the signal's reason. */
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
  const idle: ChildProcess[] = [];
  const waiting: Task[] = [];
  const running = new Set<ChildProcess>();
  let closed = false;

  const next = (): void => {
    while (running.size < size) {
      const task = waiting.shift();
      if (!task) return;
      if (task.signal?.aborted) task.reject(task.signal.reason);
      else void run(takeIdle(idle) ?? startWorker(memoryMb), task);
    }
  };

  const run = async (worker: ChildProcess, task: Task): Promise<void> => {
    running.add(worker);
    const outcome = await runTask(worker, task, timeoutMs, memoryMb);
    running.delete(worker);
    if (outcome.reusable && !closed) idle.push(worker);
    else worker.kill("SIGKILL");
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
      await Promise.all([...idle.splice(0), ...running].map(endWorker));
    },
  };
}

/** Gets nothing of our environment: it needs no keys and must not see any. */
function startWorker(memoryMb: number): ChildProcess {
  const worker = fork(fileURLToPath(new URL("./load-worker.js", import.meta.url)), {
    execArgv: [`--max-old-space-size=${memoryMb}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: {},
  });
  rest(worker);
  return worker;
}

/** A worker that waits for its next file keeps nobody from ending. */
function rest(worker: ChildProcess): void {
  worker.on("error", () => undefined);
  worker.unref();
  worker.channel?.unref();
}

function takeIdle(idle: ChildProcess[]): ChildProcess | undefined {
  let worker = idle.pop();
  while (worker && !worker.connected) worker = idle.pop();
  return worker;
}

function endWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    worker.ref();
    worker.once("exit", () => resolve());
    worker.kill("SIGKILL");
  });
}

interface Outcome {
  readonly document?: LoadedDocument;
  readonly error?: unknown;
  /** The worker is whole and may read the next file. */
  readonly reusable: boolean;
}

/** By the clock, a file may take so many times the time that it may take on the processor. */
const patience = 6;

/** Calls `onEnd` when the process has used its time; returns what ends the watch. */
function watchTime(pid: number | undefined, timeoutMs: number, onEnd: () => void): () => void {
  const before = processorMs(pid);
  let timer: NodeJS.Timeout;
  const wait = (delay: number, waited: number): void => {
    timer = setTimeout(() => {
      const now = processorMs(pid);
      const left = before === null || now === null ? 0 : timeoutMs - (now - before);
      const soFar = waited + delay;
      if (left <= 0 || soFar >= patience * timeoutMs) onEnd();
      else wait(Math.min(Math.max(left, 10), patience * timeoutMs - soFar), soFar);
    }, delay);
  };
  wait(timeoutMs, 0);
  return () => clearTimeout(timer);
}

/** One file in one worker: its answer, its death, the end of its time or the caller's abort, whichever comes first. */
function runTask(worker: ChildProcess, task: Task, timeoutMs: number, memoryMb: number): Promise<Outcome> {
  const { request, signal } = task;
  return new Promise((resolve) => {
    const finish = (outcome: Outcome): void => {
      endWatch();
      signal?.removeEventListener("abort", onAbort);
      worker.removeAllListeners();
      rest(worker);
      resolve(outcome);
    };
    const refuse = (reason: string): void => finish({ error: unreadable(request.name, reason), reusable: false });
    const onAbort = (): void => finish({ error: signal?.reason, reusable: false });
    const endWatch = watchTime(worker.pid, timeoutMs, () =>
      refuse(`reading it takes longer than ${timeoutMs / 1000} seconds`),
    );

    worker.ref();
    worker.channel?.ref();
    worker.on("message", (answer) => finish({ ...outcomeOf(answer as LoadAnswer), reusable: true }));
    worker.on("error", () => refuse("its reader could not be started"));
    worker.on("exit", (_, exitSignal) =>
      // Node aborts when the heap is full; the system kills when the machine is.
      refuse(exitSignal ? `reading it needs more than ${memoryMb} MB of memory` : "its reader ended early"),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    worker.send(request, (error) => {
      if (error) refuse("its reader could not be reached");
    });
  });
}

const outcomeOf = (answer: LoadAnswer): Omit<Outcome, "reusable"> =>
  "document" in answer ? { document: answer.document } : { error: HybridRAGError.fromJSON(answer.error) };

const closedError = (): HybridRAGError =>
  new HybridRAGError("overloaded", "The readers are shut down; open them again before loading files.");
