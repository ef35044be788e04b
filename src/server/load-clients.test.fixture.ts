import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A balancer with clients: they search without a pause for as long as the server says that it is ready. Tells once
 * that they are at work, and at the end how often each outcome came.
 */
const [url = "", clients] = process.argv.slice(2);
const warm = 50;
const askMs = 20;

const agent = new http.Agent({ keepAlive: true });
const outcomes: Record<string, number> = {};
const stopped = new AbortController();
let isWarm = false;

await Promise.all([watch(), ...Array.from({ length: Number(clients) }, client)]);
agent.destroy();
process.send!(outcomes);
process.disconnect();

async function watch(): Promise<void> {
  while (!stopped.signal.aborted) {
    if ((await outcomeOf("GET", "/readyz")) !== "200") stopped.abort();
    await sleep(askMs);
  }
}

async function client(): Promise<void> {
  while (!stopped.signal.aborted) {
    const outcome = await outcomeOf("POST", "/v1/search", '{"query": "puffin burrows", "top_k": 1}');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (isWarm || outcomes["200"]! < warm) continue;
    isWarm = true;
    process.send!("warm");
  }
}

/** The status, or the code of the error. */
function outcomeOf(method: string, path: string, body?: string): Promise<string> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const sent = http.request(`${url}${path}`, { method, agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(String(response.statusCode)));
      response.on("error", (error: NodeJS.ErrnoException) => resolve(`cut: ${error.code}`));
    });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}
