import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { HybridRAGError, isHybridRAGError, messageOf } from "../errors.ts";
import type { HybridRAG } from "../hybridrag.ts";
import type { FileResult, IngestProgress } from "../ingest/ingest-events.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { GivenDocument } from "../ingest/sources.ts";
import type { ClaimedJob } from "../ports/job-store.ts";
import type { Warning } from "../records.ts";
import type { Scope } from "../scope.ts";

export const ingestJobKind = "ingest";

const leaseMs = 30_000;
const beatMs = 5_000;
const idleMs = 250;

interface IngestInput {
  readonly documents: readonly GivenDocument[];
  readonly principals: Scope["principals"];
}

export interface IngestWorker {
  /** Hands back the job in hand, which another server takes up where this one stopped. */
  stop(): Promise<void>;
}

export interface IngestWorkerParts {
  readonly rag: HybridRAG;
  readonly owner: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Takes ingest jobs of any server, one at a time. Documents that are stored are found unchanged when a job is taken
 * up again, so a crash repeats no work.
 */
export function startIngestWorker(parts: IngestWorkerParts): IngestWorker {
  const stop = new AbortController();
  const running = loop(parts, stop.signal);
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

async function loop(parts: IngestWorkerParts, signal: AbortSignal): Promise<void> {
  const { rag, owner, log } = parts;
  while (!signal.aborted) {
    try {
      const claimed = await rag.store.jobs.claim({ owner, kinds: [ingestJobKind], leaseMs });
      if (claimed) await work(parts, claimed, signal);
      else await sleep(idleMs, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      log.error({ exception: error }, "ingest_worker_failed");
      await sleep(beatMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Warnings that a job's result keeps. */
const mostWarnings = 100;

async function work(parts: IngestWorkerParts, { tenant, job }: ClaimedJob, stopping: AbortSignal): Promise<void> {
  const { rag, owner, metrics, log } = parts;
  const { documents, principals } = job.input as IngestInput;
  const scope: Scope = { tenant, principals };
  const lost = new AbortController();
  const signal = AbortSignal.any([stopping, lost.signal]);
  const files: FileResult[] = [];
  const warnings: Warning[] = [];
  let progress: IngestProgress | null = null;
  const beat = setInterval(() => {
    rag.store.jobs
      .heartbeat(scope, { jobId: job.job_id, owner, leaseMs, progress })
      .then((held) => held || lost.abort())
      .catch(() => undefined);
  }, beatMs);
  const release = (state: "done" | "failed" | "queued" | "paused", error: string | null = null) => {
    metrics.jobsEnded.inc({ state });
    return rag.store.jobs.release(scope, {
      jobId: job.job_id,
      owner,
      state,
      progress,
      error,
      result: { files, warnings },
    });
  };
  try {
    for await (const event of rag.ingest(scope, documents, { cwd: "/", signal })) {
      if (event.type === "progress") progress = event.progress;
      if (event.type === "file") files.push(event.result);
      if (event.type !== "warning") continue;
      if (warnings.length < mostWarnings) warnings.push(event.warning);
      log.info({ job_id: job.job_id, code: event.warning.code }, "ingest_warning");
    }
    if (!lost.signal.aborted) await release(stopping.aborted ? "queued" : "done");
  } catch (error) {
    if (lost.signal.aborted) return;
    if (stopping.aborted) await release("queued");
    else
      await release(
        isHybridRAGError(error) && error.code === "budget_exceeded" ? "paused" : "failed",
        shownError(error),
      );
  } finally {
    clearInterval(beat);
  }
}

const shownError = (error: unknown): string =>
  error instanceof HybridRAGError ? messageOf(error) : "An unexpected error; the log of the server has it.";
