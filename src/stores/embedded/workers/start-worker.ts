import { Worker } from "node:worker_threads";
import type { WorkerSettings } from "./worker-settings.ts";

/** The entry lies beside this file, whether it was compiled or not. */
const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export const startWorker = (settings: WorkerSettings): Worker => new Worker(entry, { workerData: settings });
