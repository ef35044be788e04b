import { httpSender } from "../../cli/load/http-sender.ts";
import { loadConfig } from "../../config/config.ts";
import { openHybridRAG } from "../../open.ts";
import { ownerScope } from "../../scope.ts";
import { startServerProcess, type Environment } from "../../testing/production/server-process.ts";
import { median } from "./median.ts";
import { questions } from "./load.ts";

/** Milliseconds at the median, one client. */
export interface HttpOverhead {
  readonly searches: number;
  readonly library_p50_ms: number;
  readonly http_p50_ms: number;
  readonly added_ms: number;
}

const warmUp = 30;

/** The same searches by the library in this process and over HTTP, one by one and in turns, on one data folder. */
export async function httpOverhead(
  folder: string,
  size: number,
  settings: Environment,
  searches: number,
): Promise<HttpOverhead> {
  const server = await startServerProcess(folder, settings, ["--dev", "--read-only", "--data", folder]);
  const { config } = loadConfig({ environment: settings, directory: folder, flags: { data_dir: folder } });
  const rag = await openHybridRAG(config, { access: "read" });
  const body = questions(size);
  const { send, close } = httpSender({
    url: new URL("/v1/search", server.url),
    apiKey: undefined,
    timeoutMs: 30_000,
    body,
  });
  try {
    const times: Record<"library" | "http", number[]> = { library: [], http: [] };
    for (let index = 0; index < warmUp + searches; index++) {
      const started = performance.now();
      await rag.search(ownerScope("default"), body(index));
      const between = performance.now();
      const outcome = await send(index);
      if (outcome !== "200") throw new Error(`A search ended with ${outcome}.`);
      if (index < warmUp) continue;
      times.library.push(between - started);
      times.http.push(performance.now() - between);
    }
    const [library_p50_ms, http_p50_ms] = [median(times.library), median(times.http)];
    return { searches, library_p50_ms, http_p50_ms, added_ms: http_p50_ms - library_p50_ms };
  } finally {
    close();
    await rag.close();
    await server.kill();
  }
}
