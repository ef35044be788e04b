import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MongoClient, type Db, type Document, type SearchIndexDescription } from "mongodb";
import { percentile } from "../../evaluate/measures.ts";
import type { ChunkSearch } from "../../ports/chunk-store.ts";
import type { DocumentVersion } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { openMongoStore, type MongoStore } from "../../stores/mongodb/index.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { recordCommands, replay, searchesOf } from "./mongodb-commands.ts";
import { randomFrom } from "./random.ts";

/** Of one search, in milliseconds at the median; processor time is of this process. */
interface Cost {
  readonly p50_ms: number;
  readonly cpu_ms: number;
}

/** A hybrid search through the store beside the very commands that it sent, by the driver alone and right after it. */
interface SearchCosts {
  readonly ours: Cost;
  readonly driver: Cost;
  /** Of the commands those that search: the others count words, or read versions and bodies. */
  readonly driver_searches: Cost;
  /** What a search takes longer than its own commands: the median of the differences. */
  readonly added: Cost;
}

export interface MongoFigures {
  readonly server: "test server" | "given";
  readonly chunks: number;
  /** Words whose counts the store knows from a search a moment ago, and words that it counts anew, as it does after 5 s. */
  readonly words_known: SearchCosts;
  readonly words_counted: SearchCosts;
  readonly ingest: {
    readonly ours_chunks_per_second: number;
    /** The same passages by `insertMany` alone, in a collection like ours: no documents, no texts, no transactions. */
    readonly insert_many_chunks_per_second: number;
    readonly share: number;
    /** The same rows of all three collections by the driver, a document in one transaction: what we promise. */
    readonly transactions_chunks_per_second: number;
    readonly share_of_transactions: number;
  };
}

const scope = ownerScope("bench");
const dimensions = 384;
/** The most of a tenant of which every vector is compared for the moments, and no sample taken. */
const searchedChunks = 1000;
const lots = 4;
const lotDocuments = 24;
const chunksPerDocument = 25;
const queries = 100;
const rounds = 3;
/** Longer than the store believes its counts, shorter than it believes its sample of vectors. */
const forgetMs = 6000;
const writers = 8;

/** How much the store adds to the driver. @param given a server that speaks MongoDB and searches; null: the test server. */
export async function measureMongo(given: string | null): Promise<MongoFigures> {
  const own = given === null ? await startServer() : null;
  const database = `hybridrag_bench_${process.pid}`;
  const clock = { aheadMs: 0 };
  const now = (): number => Date.now() + clock.aheadMs;
  const store = await openMongoStore({ uri: given ?? own!.uri, database, now });
  const client = new MongoClient(given ?? own!.uri);
  try {
    await store.prepare({ embedder: "bench", dimensions, chunker: "bench" });
    await store.indexes.wait();
    const random = randomFrom(7).uniform;
    const versions = versionsOf("searched", searchedChunks / chunksPerDocument, random);
    await seconds(versions, (version) => store.documents.put(scope, version));
    await store.settle({ timeoutMs: 120_000 });
    const costs = await measureSearches(store, client.db(database), clock);
    return {
      server: own === null ? "given" : "test server",
      chunks: searchedChunks,
      ...costs,
      ingest: await measureBulk(store, client.db(database), own !== null, random),
    };
  } finally {
    await client.db(database).dropDatabase();
    await Promise.all([store.close(), client.close()]);
    own?.process.kill();
  }
}

export async function startServer(): Promise<{ readonly uri: string; readonly process: ChildProcess }> {
  const program = fileURLToPath(new URL("../../testing/standins/main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "mongodb", "--profile", "8.2"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { uri: String((JSON.parse(line) as { readonly MONGODB_URI: string }).MONGODB_URI), process: child };
}

async function measureSearches(
  store: MongoStore,
  db: Db,
  clock: { aheadMs: number },
): Promise<Pick<MongoFigures, "words_known" | "words_counted">> {
  const random = randomFrom(11).uniform;
  const asked = Array.from({ length: queries }, (): ChunkSearch => ({
    vector: unitVector(random),
    text: { query: wordsOf(random, 6) },
    filter: null,
    candidates: 50,
  }));
  const counted: Turn[] = [];
  const known: Turn[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const request of asked) {
      clock.aheadMs += forgetMs;
      const turns = [await measureTurn(store, db, request), await measureTurn(store, db, request)] as const;
      // The first round warms up.
      if (round === 0) continue;
      counted.push(turns[0]);
      known.push(turns[1]);
    }
  }
  return { words_known: costsOf(known), words_counted: costsOf(counted) };
}

type Turn = Readonly<Record<"ours" | "driver" | "driver_searches", Cost>>;

/** One after the other, so that what else the machine does meets them alike. */
async function measureTurn(store: MongoStore, db: Db, request: ChunkSearch): Promise<Turn> {
  let stages: Awaited<ReturnType<typeof recordCommands>> = [];
  const ours = await costOf(async () => {
    stages = await recordCommands(() => store.chunks.search(scope, request));
  });
  const driver = await costOf(() => replay(db, stages));
  return { ours, driver, driver_searches: await costOf(() => replay(db, searchesOf(stages))) };
}

async function costOf(run: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const started = performance.now();
  await run();
  const p50_ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { p50_ms, cpu_ms: (user + system) / 1000 };
}

function costsOf(turns: readonly Turn[]): SearchCosts {
  const middle = (cost: (turn: Turn) => Cost): Cost => ({
    p50_ms: percentile(
      0.5,
      turns.map((turn) => cost(turn).p50_ms),
    ),
    cpu_ms: percentile(
      0.5,
      turns.map((turn) => cost(turn).cpu_ms),
    ),
  });
  return {
    ours: middle(({ ours }) => ours),
    driver: middle(({ driver }) => driver),
    driver_searches: middle((turn) => turn.driver_searches),
    added: middle(({ ours, driver }) => ({ p50_ms: ours.p50_ms - driver.p50_ms, cpu_ms: ours.cpu_ms - driver.cpu_ms })),
  };
}

/** Lot by lot all three ways by turns, so that what else the machine does meets them alike; the first lot warms up. */
async function measureBulk(
  store: MongoStore,
  db: Db,
  feedsSearch: boolean,
  random: () => number,
): Promise<MongoFigures["ingest"]> {
  for (const name of stored) await copyIndexes(db, name, feedsSearch);
  const times = { ours: 0, alone: 0, together: 0 };
  for (let lot = 0; lot <= lots; lot++) {
    const versions = versionsOf(`lot-${lot}`, lotDocuments, random);
    const ours = await seconds(versions, (version) => store.documents.put(scope, version));
    const made = await Promise.all(versions.map(({ document }) => rowsOf(db, document.document_id)));
    const alone = await seconds(made, ({ text_chunks: some }) =>
      db.collection("alone_text_chunks").insertMany(some, { writeConcern: { w: "majority" } }),
    );
    const together = await seconds(made, (some) => insertTogether(db, some));
    if (lot === 0) continue;
    times.ours += ours;
    times.alone += alone;
    times.together += together;
  }
  for (const name of stored) for (const copy of copiesOf(name)) await db.collection(copy).drop();
  const chunks = lots * lotDocuments * chunksPerDocument;
  return {
    ours_chunks_per_second: chunks / times.ours,
    insert_many_chunks_per_second: chunks / times.alone,
    share: times.alone / times.ours,
    transactions_chunks_per_second: chunks / times.together,
    share_of_transactions: times.together / times.ours,
  };
}

const versionsOf = (name: string, count: number, random: () => number): readonly DocumentVersion[] =>
  Array.from({ length: count }, (_, index) => {
    const parts = Array.from({ length: chunksPerDocument }, () => wordsOf(random, 150));
    return versionOf({ id: `${name}-${index}`, parts, vectors: parts.map(() => unitVector(random)) });
  });

const stored = ["documents", "document_texts", "text_chunks"] as const;
const copiesOf = (name: string): readonly string[] => [`alone_${name}`, `together_${name}`];
type StoredRows = Readonly<Record<(typeof stored)[number], Document[]>>;

/** @param feedsSearch a write of this server feeds its search indexes itself, as `mongot` does in the background. */
async function copyIndexes(db: Db, name: string, feedsSearch: boolean): Promise<void> {
  const original = db.collection(name);
  const { validator } = (await original.options()) as { readonly validator?: Document };
  const listed = feedsSearch && name === "text_chunks" ? await original.listSearchIndexes().toArray() : [];
  const search = listed.map((index): SearchIndexDescription => {
    const { name: called, type, latestDefinition } = index as unknown as Listed;
    return { name: called, type, definition: latestDefinition };
  });
  for (const copy of copiesOf(name)) {
    await db.createCollection(copy, validator === undefined ? {} : { validator });
    for (const { key, name: called, unique } of await original.indexes())
      if (called !== "_id_") await db.collection(copy).createIndex(key, { unique: unique === true });
    if (search.length > 0) await db.collection(copy).createSearchIndexes(search);
  }
}

interface Listed {
  readonly name: string;
  readonly type: "search" | "vectorSearch";
  readonly latestDefinition: Document;
}

async function rowsOf(db: Db, documentId: string): Promise<StoredRows> {
  const read = (name: string): Promise<Document[]> => db.collection(name).find({ document_id: documentId }).toArray();
  const [document, texts, chunks] = await Promise.all(stored.map(read));
  return { documents: document!, document_texts: texts!, text_chunks: chunks! };
}

const insertTogether = (db: Db, some: StoredRows): Promise<unknown> =>
  db.client.withSession((session) =>
    session.withTransaction(
      async () => {
        for (const name of stored) await db.collection(`together_${name}`).insertMany(some[name], { session });
      },
      { readConcern: { level: "snapshot" }, writeConcern: { w: "majority" } },
    ),
  );

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

export function mongoLines(figures: MongoFigures): readonly string[] {
  const { server, chunks, ingest } = figures;
  const cost = ({ p50_ms, cpu_ms }: Cost): string => `${p50_ms.toFixed(2)} ms (CPU ${cpu_ms.toFixed(2)} ms)`;
  const line = (which: string, { ours, driver, driver_searches: searches, added }: SearchCosts): string =>
    `MongoDB (${server}), ${chunks} passages, p50 of a hybrid search, ${which}: ours ${cost(ours)}, the same commands ` +
    `by the driver ${cost(driver)}, those that search alone ${cost(searches)}: we add ${cost(added)}`;
  return [
    line("words known", figures.words_known),
    line("words counted", figures.words_counted),
    `bulk ingest: ${ingest.ours_chunks_per_second.toFixed(0)} chunks/s, insertMany of the same rows ` +
      `${ingest.insert_many_chunks_per_second.toFixed(0)}: ${(100 * ingest.share).toFixed(0)} %; documents, texts and ` +
      `passages by the driver in the same transactions ${ingest.transactions_chunks_per_second.toFixed(0)}: ` +
      `${(100 * ingest.share_of_transactions).toFixed(0)} %`,
  ];
}
