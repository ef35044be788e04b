import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../config/config.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import type { IngestSource } from "../../ingest/sources.ts";
import { openHybridRAG } from "../../open.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { ownerScope, type Scope } from "../../scope.ts";
import { watchLoop, type LoopFigures } from "./loop-watch.ts";

export interface IngestFigures {
  readonly chunks: number;
  readonly chunks_per_second: number;
  /** The same texts given to the embedder alone, sorted by length. */
  readonly embedder_chunks_per_second: number;
  /** The first by the second. */
  readonly share_of_embedder: number;
  /** The same share while a client searched every 100 ms, which takes the embedder's time as well. */
  readonly share_while_serving: number;
  /** While it ingested, half of the time answering a search every 100 ms as well. */
  readonly loop: LoopFigures;
  /** Of a process that did nothing meanwhile: above a few ms, the machine was too busy to judge. */
  readonly idle_loop: LoopFigures;
  readonly searches: number;
  readonly search_p50_ms: number;
  readonly search_max_ms: number;
}

/** Every other one with a client that searches. */
const rounds = 6;
const scope = ownerScope("bench");
const idleProgram = fileURLToPath(new URL("./idle-process.js", import.meta.url));

/**
 * Ingests texts with the embedder that is set, in turns with the embedder alone on the same texts; in every other
 * turn a client searches. Null where no embedder is set.
 */
export async function measureIngest(texts: readonly string[]): Promise<IngestFigures | null> {
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-bench-"));
  const rag = await openHybridRAG({ ...loadConfig().config, data_dir: folder }, { access: "write" });
  try {
    return rag.embedder === null ? null : await inTurns(rag, rag.embedder, texts);
  } finally {
    await rag.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inTurns(rag: HybridRAG, embedder: Embedder, texts: readonly string[]): Promise<IngestFigures> {
  const documents = texts.map((text, index) => ({ source: `bench/${index}.txt`, text }));
  await drain(rag, documents.slice(0, rounds));
  const quiet = { ingested: stopwatch(), embedded: stopwatch() };
  const serving = { ingested: stopwatch(), embedded: stopwatch() };
  const idle = fork(idleProgram, { stdio: "ignore", serialization: "advanced" });
  let chunks = 0;
  const loops: LoopFigures[] = [];
  const searches: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const part = documents.slice(rounds).filter((_, index) => index % rounds === round);
    const isServing = round % 2 === 1;
    const times = isServing ? serving : quiet;
    const client = isServing ? searchEvery(rag, scope, 100) : null;
    const loop = watchLoop();
    const made = await times.ingested.time(() => drain(rag, part));
    loops.push(loop());
    searches.push(...((await client?.stop()) ?? []));
    if (!isServing) chunks += made;
    const alone = await embeddedTexts(rag, part);
    await times.embedded.time(() => embedAll(embedder, alone));
  }
  const told = once(idle, "message") as Promise<[LoopFigures]>;
  idle.send("end");
  const [idle_loop] = await told;
  const sorted = searches.toSorted((a, b) => a - b);
  return {
    chunks,
    chunks_per_second: chunks / quiet.ingested.seconds(),
    embedder_chunks_per_second: chunks / quiet.embedded.seconds(),
    share_of_embedder: quiet.embedded.seconds() / quiet.ingested.seconds(),
    share_while_serving: serving.embedded.seconds() / serving.ingested.seconds(),
    loop: worst(loops),
    idle_loop,
    searches: sorted.length,
    search_p50_ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
    search_max_ms: sorted.at(-1) ?? 0,
  };
}

async function drain(rag: HybridRAG, sources: readonly IngestSource[]): Promise<number> {
  let chunks = 0;
  for await (const event of rag.ingest(scope, sources, { cwd: "." }))
    if (event.type === "summary") chunks = event.summary.chunks;
  return chunks;
}

/** What was embedded for these documents: title, headings and content, as the chunker put them together. */
async function embeddedTexts(rag: HybridRAG, documents: readonly { readonly source: string }[]) {
  const texts: string[] = [];
  const wanted = new Set(documents.map(({ source }) => source));
  let cursor: string | null = null;
  do {
    const page = await rag.store.documents.list(scope, { limit: 1000, cursor });
    for (const { document_id, source } of page.items)
      if (wanted.has(source))
        for (const { title, content } of await rag.store.chunks.ofDocument(scope, document_id))
          texts.push(title === "" ? content : `${title}. ${content}`);
    cursor = page.next;
  } while (cursor !== null);
  return texts;
}

/**
 * The embedder at its best: as many calls at once as it says it can use, each as large as it allows, of texts of like
 * length, since a call costs what its longest text costs; the long ones first, so that all calls end at about one time.
 */
async function embedAll(embedder: Embedder, texts: readonly string[]): Promise<void> {
  const { items, parallel } = embedder.limits;
  const size = Math.min(items, Math.max(1, Math.ceil(texts.length / (4 * parallel))));
  const sorted = texts
    .map((text) => ({ text, tokens: embedder.countTokens(text) }))
    .toSorted((one, other) => other.tokens - one.tokens);
  const batches = fullBatches(sorted, { items: size, tokens: embedder.limits.tokens });
  const worker = async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift())
      await embedder.embed(batch, { kind: "document" });
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

function fullBatches(
  texts: readonly { readonly text: string; readonly tokens: number }[],
  most: { readonly items: number; readonly tokens: number },
): string[][] {
  const batches: string[][] = [];
  let room = 0;
  for (const { text, tokens } of texts) {
    const last = batches.at(-1);
    if (last === undefined || last.length >= most.items || tokens > room) {
      batches.push([text]);
      room = most.tokens - tokens;
    } else {
      last.push(text);
      room -= tokens;
    }
  }
  return batches;
}

function searchEvery(rag: HybridRAG, scope: Scope, everyMs: number): { stop(): Promise<readonly number[]> } {
  const times: number[] = [];
  const running = new Set<Promise<void>>();
  const timer = setInterval(() => {
    if (running.size > 0) return;
    const started = performance.now();
    const one = rag
      .search(scope, { query: "flow over a slender wing at high speed", mode: "text" })
      .then(() => void times.push(performance.now() - started))
      .finally(() => running.delete(one));
    running.add(one);
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(running);
      return times;
    },
  };
}

function stopwatch() {
  let milliseconds = 0;
  return {
    time: async <T>(work: () => Promise<T>): Promise<T> => {
      const started = performance.now();
      const made = await work();
      milliseconds += performance.now() - started;
      return made;
    },
    seconds: () => milliseconds / 1000,
  };
}

const worst = (loops: readonly LoopFigures[]): LoopFigures => ({
  p99_ms: Math.max(...loops.map(({ p99_ms }) => p99_ms)),
  max_ms: Math.max(...loops.map(({ max_ms }) => max_ms)),
  longest_turn_ms: Math.max(...loops.map(({ longest_turn_ms }) => longest_turn_ms)),
  busy: Math.max(...loops.map(({ busy }) => busy)),
});
