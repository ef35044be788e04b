import { parentPort, workerData } from "node:worker_threads";
import { openReader } from "./reader.ts";
import { serveCalls } from "./serve-calls.ts";
import type { WorkerSettings } from "./worker-settings.ts";
import { openWriter } from "./writer.ts";

const settings = workerData as WorkerSettings;
const port = parentPort!;

serveCalls(port, (news) => (settings.role === "writer" ? openWriter(settings) : openReader(settings, news)));
