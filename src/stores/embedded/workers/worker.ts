import { parentPort, workerData } from "node:worker_threads";
import { openShadow } from "../reembed/shadow-worker.ts";
import { openReader } from "./reader.ts";
import { serveCalls } from "./serve-calls.ts";
import type { WorkerSettings } from "./worker-settings.ts";
import { openWriter } from "./writer.ts";

const settings = workerData as WorkerSettings;
const port = parentPort!;

serveCalls(port, (news) => {
  if (settings.role === "writer") return openWriter(settings);
  return settings.role === "shadow" ? openShadow(settings) : openReader(settings, news);
});
