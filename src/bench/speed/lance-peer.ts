import { fuseRanks, legDepth, wanted, type CandidateKind, type Restriction } from "./candidate.ts";
import { recent, type Corpus, type Question } from "./corpus.ts";
import { loadPeer } from "./peers.ts";

/** The part of LanceDB that is used, as its documentation names it. */
interface Lance {
  connect(folder: string): Promise<Connection>;
  readonly Index: Readonly<Record<"hnswSq" | "ivfPq" | "fts" | "bitmap" | "btree", (options?: object) => unknown>>;
}
interface Connection {
  createTable(name: string, rows: readonly object[]): Promise<Table>;
  openTable(name: string): Promise<Table>;
}
interface Table {
  add(rows: readonly object[]): Promise<unknown>;
  createIndex(column: string, options: { readonly config: unknown; readonly replace?: boolean }): Promise<void>;
  query(): Query;
}
interface Query {
  nearestTo(vector: Float32Array): Query;
  distanceType(type: "cosine"): Query;
  ef(depth: number): Query;
  nprobes(probes: number): Query;
  refineFactor(factor: number): Query;
  fullTextSearch(text: string, options?: object): Query;
  where(sql: string): Query;
  select(columns: readonly string[]): Query;
  limit(count: number): Query;
  toArray(): Promise<readonly { readonly id: string }[]>;
}

interface Variant {
  readonly name: string;
  index(lance: Lance): unknown;
  tune(query: Query): Query;
}

/** The quickest index of LanceDB up to some 100,000 rows. */
export const lanceHnsw = lancePeer({
  name: "lancedb hnsw_sq",
  index: ({ Index }) => Index.hnswSq({ distanceType: "cosine", numPartitions: 1, m: 16, efConstruction: 150 }),
  tune: (query) => query.ef(200).refineFactor(2),
});

/** Training is cut to a fifth of the default, which costs minutes and gains nothing here. */
export const lancePq = lancePeer({
  name: "lancedb ivf_pq",
  index: ({ Index }) => Index.ivfPq({ distanceType: "cosine", numSubVectors: 48, maxIterations: 10, sampleRate: 64 }),
  tune: (query) => query.nprobes(20).refineFactor(20),
});

function lancePeer({ name, index, tune }: Variant): CandidateKind {
  return {
    name,
    peer: "@lancedb/lancedb",
    lacks: (kind) => kind === "mix",
    build: async (corpus, folder) => {
      const lance = await loadPeer<Lance>("@lancedb/lancedb");
      const table = await fill(await lance.connect(folder), corpus);
      await table.createIndex("vector", { config: index(lance) });
      await table.createIndex("content", { config: lance.Index.fts({ withPosition: false }) });
      await table.createIndex("grp", { config: lance.Index.bitmap() });
      await table.createIndex("category", { config: lance.Index.bitmap() });
      await table.createIndex("time", { config: lance.Index.btree() });
    },
    open: async (_, folder) => {
      const lance = await loadPeer<Lance>("@lancedb/lancedb");
      const table = await (await lance.connect(folder)).openTable("chunks");
      const run = async (query: Query, question: Question, restriction: Restriction, count: number) => {
        const sql = conditionOf(question, restriction);
        const narrowed = sql === null ? query : query.where(sql);
        const rows = await narrowed.select(["id", "title", "content"]).limit(count).toArray();
        return rows.map(({ id }) => id);
      };
      const nearest = (question: Question, restriction: Restriction, count: number) =>
        run(tune(table.query().nearestTo(question.vector).distanceType("cosine")), question, restriction, count);
      const matching = (question: Question, restriction: Restriction, count: number) =>
        run(table.query().fullTextSearch(question.text, { columns: ["content"] }), question, restriction, count);
      return {
        search: async (question, kind, restriction) => {
          if (kind === "vector") return nearest(question, restriction, wanted);
          if (kind === "text") return matching(question, restriction, wanted);
          const both = [nearest(question, restriction, legDepth), matching(question, restriction, legDepth)];
          return fuseRanks(await Promise.all(both));
        },
        close: async () => undefined,
      };
    },
  };
}

async function fill(connection: Connection, corpus: Corpus): Promise<Table> {
  const rows = (from: number) =>
    Array.from({ length: Math.min(5000, corpus.size - from) }, (_, i) => {
      const { id, content, vector, group, category, time } = corpus.passage(from + i);
      return { id, title: "", content, vector: [...vector], grp: group, category, time };
    });
  const table = await connection.createTable("chunks", rows(0));
  for (let from = 5000; from < corpus.size; from += 5000) await table.add(rows(from));
  return table;
}

function conditionOf({ group, category }: Question, restriction: Restriction): string | null {
  if (restriction === "all") return null;
  return restriction === "group" ? `grp = '${group}'` : `category = '${category}' AND time >= '${recent.from}'`;
}
