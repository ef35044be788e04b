import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { percentile } from "../../evaluate/measures.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import { openMongoStore, type MongoStore } from "../../stores/mongodb/index.ts";
import { corpusOf, perDocument, type Corpus } from "./corpus.ts";
import { openQuestion } from "./graph-rate.ts";
import { startServer } from "./mongodb.ts";
import { givenVectors, identity, ragOver, scope, versionOf } from "./own.ts";

/** Following links over a server that answers every read after `server_ms`, in milliseconds; processor time is ours. */
export interface MongoGraphFigures {
  readonly chunks: number;
  readonly server_ms: number;
  /** Words and names whose counts the store knows from a moment ago, and such as it counts anew, as it does after 5 s. */
  readonly known: GraphCost;
  readonly counted: GraphCost;
}

interface GraphCost {
  /** A search in mode mix less the same in mode hybrid. */
  readonly added_p50_ms: number;
  readonly added_p95_ms: number;
  readonly added_cpu_ms: number;
  /** Commands that read, of the graph leg. */
  readonly added_reads: number;
}

/** More than are read whole to learn of a tenant, with titles enough that links are followed. */
const size = 5000;
const serverMs = 1;
const writers = 8;
const rounds = 3;
/** Longer than the store believes its counts, shorter than it believes how densely a tenant is linked. */
const forgetMs = 6000;

export async function measureMongoGraph(queries: number): Promise<MongoGraphFigures> {
  const server = await startServer();
  const { hostname, port } = new URL(server.uri.replace("mongodb:", "http:"));
  const quick = await startQuick(hostname, port);
  const clock = { aheadMs: 0 };
  const uri = `mongodb://127.0.0.1:${quick.port}/?directConnection=true`;
  const now = (): number => Date.now() + clock.aheadMs;
  const store = await openMongoStore({ uri, database: `hybridrag_bench_${process.pid}`, now });
  try {
    await store.prepare(identity);
    await store.indexes.wait();
    const corpus = corpusOf(size);
    await fill(store, corpus);
    await quick.ask("freeze");
    const { embedder, next } = givenVectors();
    const bench: Bench = { rag: ragOver(store, embedder), given: next, corpus, reads: () => quick.ask("count") };
    const counted = await measure(bench, queries, () => void (clock.aheadMs += forgetMs));
    return { chunks: size, server_ms: serverMs, counted, known: await measure(bench, queries, () => undefined) };
  } finally {
    await store.close();
    quick.close();
    server.process.kill();
  }
}

async function startQuick(host: string, port: string) {
  const program = fileURLToPath(new URL("./quick-server-process.js", import.meta.url));
  const child = fork(program, [host, port, String(serverMs)]);
  const [{ port: own }] = (await once(child, "message")) as [{ readonly port: number }];
  return {
    port: own,
    ask: async (order: "freeze" | "count"): Promise<number> => {
      child.send(order);
      const [{ reads }] = (await once(child, "message")) as [{ readonly reads: number }];
      return reads;
    },
    close: () => void child.disconnect(),
  };
}

async function fill(store: MongoStore, corpus: Corpus): Promise<void> {
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < size / perDocument) await store.documents.put(scope, versionOf(corpus, next++, true));
  };
  await Promise.all(Array.from({ length: writers }, write));
  await store.settle({ timeoutMs: 300_000 });
}

interface Bench {
  readonly rag: HybridRAG;
  readonly given: ReturnType<typeof givenVectors>["next"];
  readonly corpus: Corpus;
  readonly reads: () => Promise<number>;
}

/** Each question in both modes, one right after the other; the first rounds are those that the server still answers itself. */
async function measure({ rag, given, corpus, reads }: Bench, queries: number, before: () => void): Promise<GraphCost> {
  const added: Record<"ms" | "cpu" | "reads", number>[] = [];
  for (let round = 0; round < 2 + rounds; round++) {
    for (let index = 0; index < queries; index++) {
      const question = openQuestion(corpus, index);
      given(question);
      const cost = async (mode: "hybrid" | "mix") => {
        const [asked, cpu, started] = [await reads(), process.cpuUsage(), performance.now()];
        await rag.search(scope, { query: question.text, mode, top_k: 10 });
        const ms = performance.now() - started;
        const { user, system } = process.cpuUsage(cpu);
        return { ms, cpu: (user + system) / 1000, reads: (await reads()) - asked };
      };
      before();
      const hybrid = await cost("hybrid");
      const mix = await cost("mix");
      if (round < 2) continue;
      added.push({ ms: mix.ms - hybrid.ms, cpu: mix.cpu - hybrid.cpu, reads: mix.reads - hybrid.reads });
    }
  }
  const at = (share: number, of: keyof (typeof added)[number]): number =>
    percentile(
      share,
      added.map((one) => one[of]),
    );
  return {
    added_p50_ms: at(0.5, "ms"),
    added_p95_ms: at(0.95, "ms"),
    added_cpu_ms: at(0.5, "cpu"),
    added_reads: at(0.5, "reads"),
  };
}

export function mongoGraphLines({ chunks, server_ms, known, counted }: MongoGraphFigures): readonly string[] {
  const told = ({ added_p50_ms, added_p95_ms, added_cpu_ms, added_reads }: GraphCost): string =>
    `p50 ${added_p50_ms.toFixed(1)} ms, p95 ${added_p95_ms.toFixed(1)} ms (CPU ${added_cpu_ms.toFixed(1)} ms, ${added_reads.toFixed(0)} reads)`;
  return [
    `following links over a MongoDB that answers in ${server_ms} ms, ${chunks} passages, added to a search: ` +
      `${told(known)}; with names and words counted anew ${told(counted)}`,
  ];
}
