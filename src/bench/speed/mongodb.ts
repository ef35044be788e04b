import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MongoClient } from "mongodb";
import { percentile } from "../../evaluate/measures.ts";
import type { ChunkSearch } from "../../ports/chunk-store.ts";
import type { DocumentVersion } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { openMongoStore, type MongoStore } from "../../stores/mongodb/index.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { recordCommands, replay, type Recorded } from "./mongodb-commands.ts";
import { randomFrom } from "./random.ts";

/** Of one search, in milliseconds; processor time is of this process. */
interface Cost {
  readonly p50_ms: number;
  readonly cpu_ms: number;
}

export interface MongoFigures {
  readonly server: "test server" | "given";
  readonly chunks: number;
  /** A hybrid search through the store. */
  readonly ours: Cost;
  /** The same commands with the driver alone, and of them those that search. */
  readonly driver: Cost;
  readonly driver_searches: Cost;
  readonly ingest: {
    readonly ours_chunks_per_second: number;
    /** The same rows by `insertMany`, in a collection with the same indexes. */
    readonly insert_many_chunks_per_second: number;
    readonly share: number;
  };
}

const scope = ownerScope("bench");
const dimensions = 384;
const documents = 40;
const chunksPerDocument = 25;
const queries = 100;
const rounds = 3;
const writers = 8;

/** How much the store adds to the driver. @param given a server that speaks MongoDB and searches; null: the test server. */
export async function measureMongo(given: string | null): Promise<MongoFigures> {
  const own = given === null ? await startServer() : null;
  const database = `hybridrag_bench_${process.pid}`;
  const store = await openMongoStore({ uri: given ?? own!.uri, database });
  const client = new MongoClient(given ?? own!.uri);
  try {
    await store.prepare({ embedder: "bench", dimensions, chunker: "bench" });
    await store.indexes.wait();
    const ingest = await measureBulk(store, client, database);
    await store.settle({ timeoutMs: 120_000 });
    const costs = await measureSearches(store, client, database);
    return { server: own === null ? "given" : "test server", chunks: documents * chunksPerDocument, ...costs, ingest };
  } finally {
    await client.db(database).dropDatabase();
    await Promise.all([store.close(), client.close()]);
    own?.process.kill();
  }
}

async function startServer(): Promise<{ readonly uri: string; readonly process: ChildProcess }> {
  const program = fileURLToPath(new URL("../../testing/standins/main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "mongodb", "--profile", "8.2"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { uri: String((JSON.parse(line) as { readonly MONGODB_URI: string }).MONGODB_URI), process: child };
}

async function measureSearches(store: MongoStore, client: MongoClient, database: string) {
  const random = randomFrom(11).uniform;
  const asked = Array.from({ length: queries }, (): ChunkSearch => ({
    vector: unitVector(random),
    text: { query: wordsOf(random, 6) },
    filter: null,
    candidates: 50,
  }));
  const recorded: (readonly Recorded[])[] = [];
  for (const request of asked) recorded.push(await recordCommands(() => store.chunks.search(scope, request)));
  const db = client.db(database);
  const kinds = {
    driver_searches: (index: number) =>
      replay(
        db,
        recorded[index]!.filter(({ kind }) => kind === "aggregate"),
      ),
    driver: (index: number) => replay(db, recorded[index]!),
    ours: (index: number) => store.chunks.search(scope, asked[index]!),
  };
  const costs = { ours: [], driver: [], driver_searches: [] } as Record<keyof typeof kinds, Cost[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(kinds) as [keyof typeof kinds, (index: number) => Promise<unknown>][]) {
      const cost = await costOf(run);
      // The first round warms up.
      if (round > 0) costs[name].push(cost);
    }
  }
  const middle = (name: keyof typeof kinds): Cost => ({
    p50_ms: percentile(
      0.5,
      costs[name].map(({ p50_ms }) => p50_ms),
    ),
    cpu_ms: percentile(
      0.5,
      costs[name].map(({ cpu_ms }) => cpu_ms),
    ),
  });
  return { ours: middle("ours"), driver: middle("driver"), driver_searches: middle("driver_searches") };
}

async function costOf(run: (index: number) => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const times: number[] = [];
  for (let index = 0; index < queries; index++) {
    const started = performance.now();
    await run(index);
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  return { p50_ms: percentile(0.5, times), cpu_ms: (user + system) / 1000 / queries };
}

async function measureBulk(store: MongoStore, client: MongoClient, database: string): Promise<MongoFigures["ingest"]> {
  const random = randomFrom(7).uniform;
  const versions = Array.from({ length: documents }, (_, index): DocumentVersion => {
    const parts = Array.from({ length: chunksPerDocument }, () => wordsOf(random, 150));
    return versionOf({ id: `d${index}`, parts, vectors: parts.map(() => unitVector(random)) });
  });
  const ours = await seconds(versions, (version) => store.documents.put(scope, version));
  const db = client.db(database);
  const rows = await db.collection("text_chunks").find().toArray();
  const raw = db.collection("raw_chunks");
  for (const { key, name } of await db.collection("text_chunks").indexes())
    if (name !== "_id_") await raw.createIndex(key as Record<string, 1>);
  const byDocument = [...Map.groupBy(rows, (row) => String(row["document_id"])).values()];
  const alone = await seconds(byDocument, (some) => raw.insertMany(some, { writeConcern: { w: "majority" } }));
  await raw.drop();
  const chunks = documents * chunksPerDocument;
  return {
    ours_chunks_per_second: chunks / ours,
    insert_many_chunks_per_second: chunks / alone,
    share: alone / ours,
  };
}

/** So many at once, each after the other in its line. */
async function seconds<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  const left = [...items];
  const line = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: writers }, line));
  return (performance.now() - started) / 1000;
}

/** Words as a text has them: few often, many seldom. */
const wordsOf = (random: () => number, count: number): string =>
  Array.from({ length: count }, () => {
    const index = Math.floor(random() ** 2 * 2000);
    return `${String.fromCharCode(97 + ((index * 7) % 26))}${index.toString(36)}x`;
  }).join(" ");

function unitVector(random: () => number): Float32Array {
  const values = Float32Array.from({ length: dimensions }, () => random() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

export function mongoLines({
  server,
  chunks,
  ours,
  driver,
  driver_searches: searches,
  ingest,
}: MongoFigures): readonly string[] {
  const cost = ({ p50_ms, cpu_ms }: Cost): string => `${p50_ms.toFixed(2)} ms (CPU ${cpu_ms.toFixed(2)} ms)`;
  return [
    `MongoDB (${server}), ${chunks} passages, p50 of a hybrid search: ours ${cost(ours)}, the same commands by the driver ` +
      `${cost(driver)}, those that search alone ${cost(searches)}: we add ${(ours.p50_ms - driver.p50_ms).toFixed(2)} ms ` +
      `(CPU ${(ours.cpu_ms - driver.cpu_ms).toFixed(2)} ms)`,
    `bulk ingest: ${ingest.ours_chunks_per_second.toFixed(0)} chunks/s, insertMany of the same rows ` +
      `${ingest.insert_many_chunks_per_second.toFixed(0)}: ${(100 * ingest.share).toFixed(0)} %`,
  ];
}
