/**
 * Worker processes that embed. The first is started at once and says which engine runs; more are started when there is
 * more to do than the running ones hold. Questions go ahead of passages. Idle workers do not keep a process alive.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { HybridRAGError } from "../../errors.ts";
import type { EmbedWorkerReply, EmbedWorkerRequest, EmbedWorkerStart, EngineReport } from "./embed-worker.ts";

export interface EmbedPool {
  readonly report: EngineReport;
  /** `tokens` is asked for when the turn has come. A signal takes effect until the text is handed to a worker. */
  run(job: EmbedJob): Promise<Float32Array>;
  /** Finishes nothing: waiting texts are refused. Resolves when every worker has ended. */
  close(): Promise<void>;
}

interface EmbedJob {
  readonly urgent: boolean;
  readonly tokens: () => Int32Array;
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly job: EmbedJob;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

interface Seat {
  readonly worker: ChildProcess;
  readonly running: Map<number, Waiting>;
  ready: boolean;
  readonly ended: Promise<void>;
}

/** Two: while one is embedded the next already waits, so a busy main thread does not leave the worker idle. */
const heldPerWorker = 2;

/** Workers that end before they are ready, one after the other, until no more is started. */
const startsTried = 3;

/** @throws HybridRAGError when the first worker cannot open the model. */
export async function openEmbedPool(
  data: EmbedWorkerStart,
  size: number,
  script = new URL("./embed-worker.js", import.meta.url),
): Promise<EmbedPool> {
  const pool = createPool(data, size, fileURLToPath(script));
  try {
    const report = await pool.start();
    return { report, run: pool.run, close: pool.close };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** Whether this worker keeps the parent's event loop alive. */
function holdProcess(worker: ChildProcess, hold: boolean): void {
  if (hold) worker.ref();
  else worker.unref();
  if (hold) worker.channel?.ref();
  else worker.channel?.unref();
}

function createPool(data: EmbedWorkerStart, size: number, script: string) {
  const seats = new Set<Seat>();
  const urgent: Waiting[] = [];
  const patient: Waiting[] = [];
  let nextId = 1;
  let failedStarts = 0;
  let closed = false;
  let settings = data;

  const start = (): Promise<EngineReport> =>
    new Promise((resolve, reject) => {
      // No flags of ours are handed on: a debugger's port or a test runner's mode is not meant for workers.
      const worker = fork(script, {
        execArgv: [],
        serialization: "advanced",
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      });
      worker.send(settings);
      const ended = new Promise<void>((done) => {
        worker.once("exit", () => done());
        worker.on("error", () => done());
      });
      const seat: Seat = { worker, running: new Map(), ready: false, ended };
      seats.add(seat);
      worker.on("message", (reply: EmbedWorkerReply) => {
        if (reply.kind === "ready") {
          seat.ready = true;
          failedStarts = 0;
          // Later workers must not choose differently.
          settings = { ...data, engine: reply.report.engine };
          resolve(reply.report);
        } else if (reply.kind === "unusable") {
          reject(HybridRAGError.fromJSON(reply.error));
          worker.disconnect();
        } else {
          settle(seat, reply);
        }
        pump();
      });
      void ended.then(() => retire(seat)).then(reject);
    });

  /** Takes a worker that has ended out of the pool; answers the error that its texts were refused with. */
  const retire = (seat: Seat): HybridRAGError => {
    const error = new HybridRAGError("provider_failed", "A worker of the local model ended unexpectedly. Try again.");
    seats.delete(seat);
    for (const waiting of seat.running.values()) waiting.reject(error);
    if (!seat.ready) failedStarts += 1;
    if (failedStarts >= startsTried && seats.size === 0) {
      failedStarts = 0;
      for (const waiting of [...urgent.splice(0), ...patient.splice(0)]) waiting.reject(error);
    }
    pump();
    return error;
  };

  const settle = (seat: Seat, reply: Extract<EmbedWorkerReply, { id: number }>): void => {
    const waiting = seat.running.get(reply.id);
    seat.running.delete(reply.id);
    if (reply.kind === "vector") waiting?.resolve(reply.vector.slice());
    else waiting?.reject(HybridRAGError.fromJSON(reply.error));
  };

  /** Hands out what waits, evenly; starts another worker when all are full. */
  const pump = (): void => {
    for (;;) {
      const free = [...seats].filter((seat) => seat.ready && seat.running.size < heldPerWorker);
      const seat = free.sort((left, right) => left.running.size - right.running.size)[0];
      const waiting = seat === undefined ? undefined : takeNext();
      if (seat === undefined || waiting === undefined) break;
      const id = nextId++;
      seat.running.set(id, waiting);
      seat.worker.send({ id, tokens: waiting.job.tokens() } satisfies EmbedWorkerRequest);
    }
    const backlog = urgent.length + patient.length > 0;
    if (backlog && !closed && seats.size < size && failedStarts < startsTried && [...seats].every((seat) => seat.ready))
      start().catch(() => undefined);
    for (const seat of seats) {
      holdProcess(seat.worker, closed || seat.running.size > 0 || !seat.ready);
    }
  };

  const takeNext = (): Waiting | undefined => {
    for (;;) {
      const waiting = urgent.shift() ?? patient.shift();
      if (waiting?.job.signal?.aborted !== true) return waiting;
      waiting.reject(waiting.job.signal.reason);
    }
  };

  const run = (job: EmbedJob): Promise<Float32Array> =>
    new Promise((resolve, reject) => {
      if (closed) {
        reject(new HybridRAGError("conflict", "The embedder is closed. Open another one."));
        return;
      }
      (job.urgent ? urgent : patient).push({ job, resolve, reject });
      pump();
    });

  const close = async (): Promise<void> => {
    closed = true;
    const error = new HybridRAGError("conflict", "The embedder was closed before this text was embedded.");
    for (const waiting of [...urgent.splice(0), ...patient.splice(0)]) waiting.reject(error);
    const open = [...seats];
    for (const { worker } of open) {
      holdProcess(worker, true);
      if (worker.connected) worker.disconnect();
    }
    await Promise.all(open.map(({ ended }) => ended));
  };

  return { start, run, close };
}
