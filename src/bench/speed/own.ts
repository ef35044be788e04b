import { createHybridRAG, type HybridRAG } from "../../hybridrag.ts";
import { loadPool } from "../../ingest/load/load-pool.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { DocumentVersion } from "../../ports/store.ts";
import { bundledConstants } from "../../query/answer/constants.ts";
import { defaultQuerySettings } from "../../query/plan.ts";
import type { Mention, MentionKind, NewChunk } from "../../records.ts";
import { ownerScope } from "../../scope.ts";
import { openEmbeddedStore } from "../../stores/embedded/index.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import type { CandidateKind, Restriction } from "./candidate.ts";
import { perDocument, recent, type Corpus, type Question } from "./corpus.ts";
import { dimensions } from "./vectors.ts";

export const scope = ownerScope("bench");
export const identity = { embedder: "given", dimensions, chunker: "given" };
/** Puts that are under way at once: the writer takes those that wait into one commit. */
const together = 64;

/** HybridRAG as its users call it, with plan, fusion and all, but for the vectors, which are given. */
export const own: CandidateKind = ownKind("hybridrag", false);
/** The same with a title and eight names a passage, for what following links takes. */
export const ownWithNames: CandidateKind = ownKind("hybridrag with names", true);

function ownKind(name: string, withNames: boolean): CandidateKind {
  return {
    name,
    peer: null,
    lacks: (kind, restriction) =>
      withNames ? restriction !== "all" || !["hybrid", "mix"].includes(kind) : kind === "mix",
    build: async (corpus, folder) => {
      const store = await openEmbeddedStore({ directory: folder });
      await store.prepare(identity);
      const documents = corpus.size / perDocument;
      for (let at = 0; at < documents; at += together) {
        const numbers = Array.from({ length: Math.min(together, documents - at) }, (_, i) => at + i);
        await Promise.all(numbers.map((number) => store.documents.put(scope, versionOf(corpus, number, withNames))));
      }
      await store.close();
    },
    refresh: async (folder) => {
      const store = await openEmbeddedStore({ directory: folder, readers: 1 });
      const text = { query: "anything" };
      await store.chunks.search(scope, { vector: null, text, filter: null, candidates: 1 });
      await store.close();
    },
    open: async (_, folder) => {
      const rag = await openOwn(folder);
      return {
        search: async (question, kind, restriction) => {
          rag.given(question);
          const filters = filtersOf(question, restriction);
          const { results } = await rag.search(scope, { query: question.text, mode: kind, top_k: 10, filters });
          return results.map(({ chunk_id }) => chunk_id);
        },
        close: () => rag.close(),
      };
    },
  };
}

/** An index that was built, to be searched; the vector of a question is given before it is asked. */
export async function openOwn(folder: string): Promise<HybridRAG & { given(question: Question): void }> {
  const store = await openEmbeddedStore({ directory: folder, access: "read" });
  const { embedder, next } = givenVectors();
  return { ...ragOver(store, embedder), given: next };
}

export function ragOver(store: HybridRAG["store"], embedder: Embedder): HybridRAG {
  return createHybridRAG({
    store,
    embedder,
    reranker: null,
    extractor: null,
    pool: loadPool({ maxFileBytes: 2 ** 20 }),
    chunker: {},
    analyzer: englishAnalyzer(),
    constants: bundledConstants,
    query: defaultQuerySettings,
    sessions: { ttlMs: 1, historyTokens: 1, summaryTokens: 1 },
    notices: [],
    now: () => performance.now(),
  });
}

/** Answers with the vector of the question that was announced: a model's time is not what is measured. */
export function givenVectors(): { readonly embedder: Embedder; next(question: Question): void } {
  const known = new Map<string, Float32Array>();
  return {
    next: ({ text, vector }) => void known.set(text, vector),
    embedder: {
      fingerprint: identity.embedder,
      model: "given",
      dimensions,
      maxTokens: 256,
      languages: "multi",
      limits: { items: 256, tokens: 65_536, parallel: 1 },
      countTokens: (text) => text.split(" ").length,
      embed: async (texts) => ({ vectors: texts.map((text) => known.get(text)!), tokens: 0 }),
      close: async () => undefined,
    },
  };
}

function filtersOf({ group, category }: Question, restriction: Restriction): unknown {
  if (restriction === "all") return undefined;
  if (restriction === "group") return { "metadata.group": group };
  return { "metadata.category": category, "metadata.timestamp": { $gte: recent.from } };
}

export function versionOf(corpus: Corpus, number: number, withNames: boolean): DocumentVersion {
  const passages = Array.from({ length: perDocument }, (_, i) => corpus.passage(number * perDocument + i));
  const { group, category, time } = passages[0]!;
  const document_id = `d${number}`;
  const title = withNames ? corpus.titleOf(number) : "";
  const metadata = { group, category, timestamp: time, source: document_id };
  let start = 0;
  const chunks = passages.map(({ id, content, vector }, ordinal): NewChunk => {
    const span = { start, end: start + content.length, page: null };
    start = span.end + 2;
    return {
      chunk_id: id,
      document_id,
      ordinal,
      title,
      source: document_id,
      content,
      span,
      heading_path: [],
      token_count: 120,
      metadata,
      vector,
      embedding_hash: id,
    };
  });
  return {
    document: { document_id, title, source: document_id, mime: "text/plain", content_hash: document_id, metadata },
    text: passages.map(({ content }) => content).join("\n\n"),
    chunks,
    graph: {
      mentions: withNames ? chunks.flatMap((chunk) => mentionsIn(corpus, chunk)) : [],
      links: [],
      assertions: [],
    },
  };
}

function mentionsIn(corpus: Corpus, { chunk_id, title, content, span }: NewChunk): readonly Mention[] {
  const mention = (name: string, kind: MentionKind, start: number | null): Mention => ({
    chunk_id,
    entity: name,
    name,
    kind,
    type: "name",
    start,
    end: start === null ? null : start + name.length,
  });
  return [
    mention(title, "title", null),
    ...corpus.namesIn(content).map((name) => mention(name, "body", span.start + content.indexOf(name))),
  ];
}
