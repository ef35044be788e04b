import { Worker } from "node:worker_threads";
import type { WorkerSettings } from "./worker-settings.ts";

/** The entry lies beside this file, whether it was compiled or not. */
const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/**
 * @param nurseryMb of the thread's heap. V8's own choice suits threads that answer; one that goes through many rows
 * once lets them grow old in it, and holds up to ten times what it needs.
 */
export const startWorker = (settings: WorkerSettings, nurseryMb?: number): Worker =>
  new Worker(entry, {
    workerData: settings,
    ...(nurseryMb === undefined ? {} : { resourceLimits: { maxYoungGenerationSizeMb: nurseryMb } }),
  });
