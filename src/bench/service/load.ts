import { httpSender } from "../../cli/load/http-sender.ts";
import { openLoop, type LoadReport } from "../../cli/load/open-loop.ts";
import { corpusOf } from "../speed/corpus.ts";

const now = () => performance.now();

/** Bodies of searches: a question of the corpus each, never the same twice in a run, so that no cache answers. */
export function questions(size: number): (index: number) => object {
  const corpus = corpusOf(size);
  return (index) => ({ query: `${corpus.question(index).text} ${index}`, top_k: 10 });
}

/** Searches at a fixed rate, whether answers come or not. */
export async function loadAt(
  url: string,
  rate: number,
  requests: number,
  body: (index: number) => unknown,
  certificate?: string,
): Promise<LoadReport> {
  const sender = httpSender({
    url: new URL("/v1/search", url),
    apiKey: undefined,
    timeoutMs: 30_000,
    body,
    ...(certificate === undefined ? {} : { certificate }),
  });
  try {
    const plan = { rate, maxInFlight: 2000 };
    await openLoop({ ...plan, requests: Math.min(100, requests) }, (index) => sender.send(500_000 + index), now);
    return await openLoop({ ...plan, requests }, sender.send, now);
  } finally {
    sender.close();
  }
}

/** Sends requests one behind the other by so many clients; for what a request costs, not for how long it takes. */
export async function inTurn(
  url: string,
  clients: number,
  requests: number,
  body: (index: number) => unknown,
): Promise<void> {
  const { send, close } = httpSender({
    url: new URL("/v1/search", url),
    apiKey: undefined,
    timeoutMs: 30_000,
    body,
  });
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < requests) {
      const outcome = await send(next++);
      if (outcome !== "200") throw new Error(`A search ended with ${outcome}.`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  close();
}
