import { compareText, matches } from "../../filter/matches.ts";
import type { Filter } from "../../filter/filter.ts";
import type {
  Candidate,
  ChunkSearch,
  ChunkSearchResult,
  ChunkStore,
  Moments,
  TextLegReport,
  TextQuery,
} from "../../ports/chunk-store.ts";
import { mayRead, type Scope } from "../../scope.ts";
import type { Token } from "../../text/analyze.ts";
import { bm25, bodyField, titleField } from "./bm25.ts";
import { readable, readableChunks } from "./documents.ts";
import { enter, tenantOf, type State, type StoredChunk } from "./state.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { cosine } from "./vectors.ts";
import { holdsPhrase, isOneEditApart, repairOf, type Vocabulary, vocabularyOf } from "./words.ts";

export function memoryChunks(state: State): ChunkStore {
  return {
    async get(scope, chunkIds, options) {
      enter(state, options);
      const byId = new Map(readableChunks(state, scope).map((stored) => [stored.chunk.chunk_id, stored.chunk]));
      return chunkIds.flatMap((id) => byId.get(id) ?? []);
    },
    async ofDocument(scope, documentId, options) {
      enter(state, options);
      return readableOf(state, scope, documentId).map((stored) => stored.chunk);
    },
    async openings(scope, documentIds, count, options) {
      enter(state, options);
      return [...new Set(documentIds)].flatMap((id) =>
        readableOf(state, scope, id)
          .map((stored) => stored.chunk)
          .filter(({ ordinal }) => ordinal < count),
      );
    },
    async vectors(scope, documentId, options) {
      enter(state, options);
      return new Map(
        readableOf(state, scope, documentId).flatMap(({ embeddingHash, vector }) =>
          vector ? [[embeddingHash, Float32Array.from(vector)] as const] : [],
        ),
      );
    },
    async search(scope, request, options) {
      enter(state, options);
      return search(state, scope, request);
    },
  };
}

const readableOf = (state: State, scope: Scope, documentId: string): readonly StoredChunk[] =>
  (readable(state, scope, documentId)?.chunks ?? []).filter((stored) => mayRead(scope, stored.chunk.metadata));

/** The chunks that scope and filter allow. */
export const allowedChunks = (state: State, scope: Scope, filter: Filter | null | undefined): readonly StoredChunk[] =>
  readableChunks(state, scope).filter((stored) => !filter || matches(filter, stored.chunk));

/** Every chunk of the tenant, readable or not: what the statistics of words are taken from. */
export const corpusOf = (state: State, scope: Scope): readonly StoredChunk[] =>
  [...tenantOf(state, scope).documents.values()].flatMap((stored) => stored.chunks);

/** BM25 of every chunk of the tenant for analysed words, body and title together. */
export function scoresOf(
  corpus: readonly StoredChunk[],
  words: readonly (readonly string[])[],
): ReadonlyMap<StoredChunk, number> {
  const body = { texts: corpus.map((stored) => stored.body.terms), ...bodyField };
  const title = { texts: corpus.map((stored) => stored.title.terms), ...titleField };
  const scores = bm25([body, title], words);
  return new Map(corpus.map((stored, index) => [stored, scores[index]!]));
}

interface LegScores {
  readonly score: (stored: StoredChunk) => number | null;
  /** Ids of the best, from rank 1. */
  readonly ranks: ReadonlyMap<string, number>;
}

const noLeg: LegScores = { score: () => null, ranks: new Map() };

function search(state: State, scope: Scope, request: ChunkSearch): ChunkSearchResult {
  if (request.vector) checkVector(request.vector, state.identity?.dimensions ?? null, "/vector");
  const allowed = allowedChunks(state, scope, request.filter);
  const vectorLeg = request.vector ? searchVectors(allowed, request.vector, request) : noLeg;
  const text = request.text ? searchText(corpusOf(state, scope), allowed, state, request.text, request) : null;
  const textLeg = text ?? noLeg;
  const candidates = allowed
    .filter(({ chunk }) => vectorLeg.ranks.has(chunk.chunk_id) || textLeg.ranks.has(chunk.chunk_id))
    .map((stored): Candidate => {
      const id = stored.chunk.chunk_id;
      return {
        chunk: stored.chunk,
        cosine: vectorLeg.score(stored),
        bm25: textLeg.score(stored),
        vectorRank: vectorLeg.ranks.get(id) ?? null,
        textRank: textLeg.ranks.get(id) ?? null,
        ...(request.withVectors && stored.vector ? { vector: Float32Array.from(stored.vector) } : {}),
      };
    });
  const cosines = allowed.flatMap((stored) => vectorLeg.score(stored) ?? []);
  return {
    candidates,
    vector: request.vector ? { milliseconds: 0, moments: momentsOf(cosines), error: null } : null,
    text: text?.report ?? null,
    allowed: allowed.length,
  };
}

function searchVectors(allowed: readonly StoredChunk[], vector: Float32Array, request: ChunkSearch): LegScores {
  const cosines = new Map(allowed.map((stored) => [stored, stored.vector && cosine(stored.vector, vector)]));
  const found = allowed.filter((stored) => (cosines.get(stored) ?? -Infinity) >= (request.minCosine ?? -1 - 1e-6));
  const score = (stored: StoredChunk) => cosines.get(stored) ?? null;
  return { score, ranks: bestOf(found, score, request.candidates) };
}

function searchText(
  corpus: readonly StoredChunk[],
  allowed: readonly StoredChunk[],
  state: State,
  text: TextQuery,
  request: ChunkSearch,
): LegScores & { readonly report: TextLegReport } {
  const frequencies = documentFrequencies(corpus);
  const vocabulary = vocabularyOf(corpus.map(({ body }) => body.tokens));
  const written = state.analyzer.analyzeWithOffsets(text.query);
  const repairs = new Map(
    written.flatMap((token) => {
      const to = text.repairTypos ? repairOf(token, vocabulary) : null;
      return to === null ? [] : [[token.word, to] as const];
    }),
  );
  const said = written.map(({ word, term }) => {
    const to = repairs.get(word);
    return to === undefined ? { word, term } : { word: to, term: vocabulary.get(to)!.term };
  });
  const words = [...new Map(said.map((one) => [one.term, one])).values()];
  const groups = expand(words, text, vocabulary);
  const all = scoresOf(
    corpus,
    said.map(({ term }) => groups.find(([itself]) => itself === term)!),
  );
  const phrases = (text.phrases ?? []).map((phrase) => state.analyzer.analyzeWithOffsets(phrase));
  const score = (stored: StoredChunk) => (holdsAll(stored, phrases) ? all.get(stored)! : 0);
  const found = allowed.filter((stored) => score(stored) > 0);
  return {
    score,
    ranks: bestOf(found, score, request.candidates),
    report: {
      milliseconds: 0,
      moments: momentsOf(allowed.map(score)),
      error: null,
      matched: found.length,
      terms: words.map(({ term }) => ({ term, documentFrequency: frequencies.get(term) ?? 0 })),
      corpusSize: corpus.length,
      repairs: [...repairs].map(([from, to]) => ({ from, to })),
    },
  };
}

/** The distinct terms of a chunk, its title and headings included. */
export const termsOf = ({ body }: StoredChunk): ReadonlySet<string> => new Set(body.terms);

/** In how many chunks each word stands. */
function documentFrequencies(corpus: readonly StoredChunk[]): ReadonlyMap<string, number> {
  const frequencies = new Map<string, number>();
  for (const stored of corpus) {
    for (const term of termsOf(stored)) frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
  }
  return frequencies;
}

/** The terms that count as each word of the query: its own, those of longer words after a prefix, of near ones when fuzzy. */
const expand = (
  words: readonly { readonly word: string; readonly term: string }[],
  text: TextQuery,
  vocabulary: Vocabulary,
): readonly (readonly string[])[] =>
  words.map(({ word, term }, index) => {
    const isPrefix = text.prefix === true && index === words.length - 1;
    const others = [...vocabulary].filter(
      ([other]) => (isPrefix && other.startsWith(word)) || (text.fuzzy === true && isOneEditApart(word, other)),
    );
    return [...new Set([term, ...others.map(([, known]) => known.term)])];
  });

const holdsAll = ({ content, title }: StoredChunk, phrases: readonly (readonly Token[])[]): boolean =>
  phrases.every((phrase) => holdsPhrase(content.tokens, phrase) || holdsPhrase(title.tokens, phrase));

function bestOf(
  found: readonly StoredChunk[],
  score: (stored: StoredChunk) => number | null,
  limit: number,
): ReadonlyMap<string, number> {
  const best = found
    .toSorted((a, b) => score(b)! - score(a)! || compareText(a.chunk.chunk_id, b.chunk.chunk_id))
    .slice(0, limit);
  return new Map(best.map((stored, index) => [stored.chunk.chunk_id, index + 1]));
}

/** Population mean and deviation. */
function momentsOf(scores: readonly number[]): Moments {
  const count = scores.length;
  if (count === 0) return { mean: 0, deviation: 0, count };
  const mean = scores.reduce((sum, x) => sum + x, 0) / count;
  const variance = scores.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance), count };
}
