import type { Candidate, ChunkSearch, ChunkSearchResult } from "../ports/chunk-store.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { Store } from "../ports/store.ts";
import type { Chunk } from "../records.ts";
import { momentsOf } from "./fuse-z.ts";
import type { QueryPorts } from "./query-ports.ts";

/** Tiny worlds for tests: chunks with the scores that two legs are to have given them. */
export interface Scored {
  readonly id: string;
  readonly cosine: number | null;
  readonly bm25: number | null;
  readonly content?: string;
  readonly vector?: readonly number[];
}

export const chunkNamed = (id: string, content = `content of ${id}`): Chunk => ({
  chunk_id: id,
  document_id: `document-${id}`,
  ordinal: 0,
  title: "",
  source: `${id}.txt`,
  content,
  span: { start: 0, end: content.length, page: null },
  heading_path: [],
  token_count: 10,
  metadata: { source: `${id}.txt` },
});

/** Ranks follow from the scores; the text leg lists only chunks above 0. Moments are those of the world itself. */
export function worldOf(scored: readonly Scored[], depth = 50): ChunkSearchResult {
  const vectorRank = ranksOf(scored, (s) => s.cosine, depth);
  const textRank = ranksOf(scored, (s) => (s.bm25 !== null && s.bm25 > 0 ? s.bm25 : null), depth);
  const candidates = scored.map((s): Candidate => ({
    chunk: chunkNamed(s.id, s.content),
    cosine: s.cosine,
    bm25: s.bm25,
    vectorRank: vectorRank.get(s.id) ?? null,
    textRank: textRank.get(s.id) ?? null,
    ...(s.vector === undefined ? {} : { vector: Float32Array.from(s.vector) }),
  }));
  return {
    candidates: candidates.filter((c) => c.vectorRank !== null || c.textRank !== null),
    vector: { milliseconds: 1, moments: momentsOf(scored.map((s) => s.cosine ?? 0)), error: null },
    text: {
      milliseconds: 1,
      moments: momentsOf(scored.map((s) => s.bm25 ?? 0)),
      error: null,
      matched: textRank.size,
      terms: [],
      corpusSize: scored.length,
      repairs: [],
    },
    allowed: scored.length,
  };
}

function ranksOf(scored: readonly Scored[], score: (s: Scored) => number | null, depth: number) {
  const listed = scored
    .filter((s) => score(s) !== null)
    .sort((a, b) => score(b)! - score(a)! || (a.id < b.id ? -1 : 1))
    .slice(0, depth);
  return new Map(listed.map((s, index) => [s.id, index + 1]));
}

export const fakeEmbedder = (embed: Embedder["embed"]): Embedder => ({
  fingerprint: "fake",
  model: "fake",
  dimensions: 2,
  maxTokens: 100,
  languages: "en",
  limits: { items: 8, tokens: 1000, parallel: 1 },
  countTokens: (text) => text.length,
  embed,
  close: async () => {},
});

const steadyEmbedder = fakeEmbedder(async (texts) => ({
  vectors: texts.map(() => Float32Array.of(1, 0)),
  tokens: 3,
}));

/** Ports around one scripted search; caches are a map. What a test does not script does not exist. */
export function fakePorts(
  answer: (request: ChunkSearch) => Promise<ChunkSearchResult> | ChunkSearchResult,
  overrides: Partial<QueryPorts> = {},
): QueryPorts & { readonly settle: () => Promise<void>; readonly caches: Map<string, unknown> } {
  const caches = new Map<string, unknown>();
  const pending: Promise<void>[] = [];
  const store = {
    capabilities: () => ({ exactScores: true, readYourWrites: true, readOnly: false, maxDimensions: 4096 }),
    chunks: { search: async (_scope: unknown, request: ChunkSearch) => answer(request) },
    caches: {
      get: async (scope: { tenant: string }, space: string, key: string) =>
        caches.get(`${scope.tenant}/${space}/${key}`) ?? null,
      set: async (scope: { tenant: string }, space: string, key: string, value: unknown) => {
        caches.set(`${scope.tenant}/${space}/${key}`, value);
      },
    },
  };
  return {
    store: store as unknown as Store,
    embedder: steadyEmbedder,
    reranker: null,
    graph: null,
    now: () => 0,
    background: (work) => void pending.push(work()),
    settle: async () => void (await Promise.all(pending)),
    caches,
    ...overrides,
  };
}
