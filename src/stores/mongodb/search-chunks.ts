import { HybridRAGError } from "../../errors.ts";
import { compareText } from "../../filter/matches.ts";
import type { Candidate, ChunkSearch, ChunkSearchResult, Moments } from "../../ports/chunk-store.ts";
import type { Scope } from "../../scope.ts";
import { allowedChunks, type Allowed } from "./allowed.ts";
import { bm25 } from "./bm25.ts";
import { checkVector } from "./check-vector.ts";
import { bodyProjection, chunkOf, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { bm25Moments, cosineMoments } from "./moments.ts";
import { collections } from "./names.ts";
import { holdsPhrase, queryWords, type QueryWords } from "./query-words.ts";
import { maxClauses, textSearchStage } from "./text-search.ts";
import { translateError } from "./translate-error.ts";
import { maxCandidates, vectorSearchStage } from "./vector-search.ts";
import { visibleRows } from "./visible-rows.ts";

type Scored = ChunkRow & { readonly score: number; readonly total?: number };

/** A leg's hits in order, or why it has none. */
interface Leg {
  readonly hits: readonly { readonly row: ChunkRow; readonly score: number }[];
  readonly matched: number;
  readonly milliseconds: number;
  readonly moments: Moments | null;
  readonly error: HybridRAGError | null;
}

/** Both legs at once, each over what scope and filter allow; the filter is inside the search. */
export async function searchChunks(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  signal: AbortSignal | undefined,
): Promise<ChunkSearchResult> {
  if (request.vector) checkVector(context, request.vector, "/vector");
  if (request.vector || request.text) await context.profile.requireReady();
  const allowed = await allowedChunks(context, scope, request.filter, signal);
  const words = request.text ? await queryWords(context, scope.tenant, request.text, signal) : null;
  const [vector, text] = await Promise.all([
    request.vector ? settled(signal, () => vectorLeg(context, scope, request, allowed, signal)) : null,
    words ? settled(signal, () => textLeg(context, scope, request, words, allowed, signal)) : null,
  ]);
  const asked = [vector, text].filter((leg) => leg !== null);
  const [first] = asked;
  if (first?.error && asked.every((leg) => leg.error !== null)) throw first.error;
  return {
    candidates: candidatesOf(request, vector, text, words),
    vector: vector && { milliseconds: vector.milliseconds, moments: vector.moments, error: vector.error },
    text: text && {
      milliseconds: text.milliseconds,
      moments: text.moments,
      error: text.error,
      matched: text.matched,
      terms: words!.report,
      corpusSize: words!.weights.corpus.chunks,
      repairs: words!.repairs,
    },
    allowed: allowed.count,
  };
}

/** One leg may fail while the other answers; a cancelled call fails as a whole. */
async function settled(
  signal: AbortSignal | undefined,
  run: () => Promise<Omit<Leg, "milliseconds" | "error">>,
): Promise<Leg> {
  const started = performance.now();
  try {
    return { ...(await run()), milliseconds: performance.now() - started, error: null };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const milliseconds = performance.now() - started;
    return { hits: [], matched: 0, moments: null, milliseconds, error: translateError(error) };
  }
}

function candidatesOf(
  request: ChunkSearch,
  vector: Leg | null,
  text: Leg | null,
  words: QueryWords | null,
): readonly Candidate[] {
  const vectorRanks = new Map(vector?.hits.map(({ row, score }, index) => [row.chunk_id, { score, rank: index + 1 }]));
  const textRanks = new Map(text?.hits.map(({ row, score }, index) => [row.chunk_id, { score, rank: index + 1 }]));
  const found = new Map([...(vector?.hits ?? []), ...(text?.hits ?? [])].map(({ row }) => [row.chunk_id, row]));
  const scoreOf = (row: ChunkRow): number | null => {
    if (words === null || text?.error) return null;
    return textRanks.get(row.chunk_id)?.score ?? bm25(row, words.groups, words.weights);
  };
  return [...found.values()].map((row): Candidate => {
    const stored = request.withVectors ? vectorOf(row) : null;
    return {
      chunk: chunkOf(row),
      cosine: vectorRanks.get(row.chunk_id)?.score ?? null,
      bm25: scoreOf(row),
      vectorRank: vectorRanks.get(row.chunk_id)?.rank ?? null,
      textRank: textRanks.get(row.chunk_id)?.rank ?? null,
      ...(stored ? { vector: stored } : {}),
    };
  });
}

/** Hits fetched beyond those asked for, so that equal scores at the cut are ordered by id and hidden rows are replaced. */
const slack = 40;

async function vectorLeg(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  allowed: Allowed,
  signal: AbortSignal | undefined,
): Promise<Pick<Leg, "hits" | "matched" | "moments">> {
  const vector = request.vector!;
  const moments = await cosineMoments(context, scope, vector, allowed.count);
  if (allowed.count === 0) return { hits: [], matched: 0, moments };
  const limit = allowed.isOpen ? maxCandidates : Math.min(maxCandidates, request.candidates + slack);
  const pipeline = [
    vectorSearchStage(
      { vector, limit, filter: allowed.vector, allowed: allowed.isOpen ? null : allowed.count },
      context.profile.vector,
    ),
    { $set: { score: { $meta: "vectorSearchScore" } } },
    { $project: { ...bodyProjection, ...(request.withVectors ? {} : { vector: 0 }) } },
  ];
  const found = await search(context, scope, pipeline, signal);
  const least = request.minCosine ?? -1 - 1e-6;
  const hits = found
    .filter(allowed.admits)
    .map((row) => ({ row, score: 2 * row.score - 1 }))
    .filter(({ score }) => score >= least);
  return { hits: best(hits, request.candidates), matched: hits.length, moments };
}

async function textLeg(
  context: Context,
  scope: Scope,
  request: ChunkSearch,
  words: QueryWords,
  allowed: Allowed,
  signal: AbortSignal | undefined,
): Promise<Pick<Leg, "hits" | "matched" | "moments">> {
  const nothing = { hits: [], matched: 0, moments: bm25Moments([], 0, allowed.count) };
  if (allowed.count === 0 || words.terms.length === 0) return nothing;
  const required = words.phrases.filter((phrase) => phrase.length > 0).map((phrase) => phrase.map(({ term }) => term));
  const widest = allowed.isOpen || required.length > 0 ? maxCandidates : 2 * request.candidates + slack;
  const terms = words.terms.slice(0, maxClauses / 2 - 8);
  const pipeline = [
    textSearchStage({ terms, filter: allowed.search, required }, context.profile.text),
    { $limit: Math.min(maxCandidates, widest) },
    { $set: { score: { $meta: "searchScore" }, total: "$$SEARCH_META.count.total" } },
    { $project: { ...bodyProjection, ...(request.withVectors ? {} : { vector: 0 }) } },
  ];
  const found = await search(context, scope, pipeline, signal);
  const hits = found
    .filter(allowed.admits)
    .filter((row) => holdsAll(context, row, words))
    .map((row) => ({ row, score: bm25(row, words.groups, words.weights) }))
    .filter(({ score }) => score > 0);
  // Where the list is complete its length is exact; else the server's count stands, which may lag behind.
  const matched = found.length < Math.min(maxCandidates, widest) ? hits.length : Number(found[0]?.total ?? hits.length);
  const ranked = best(hits, hits.length);
  const listed = ranked.map((hit) => hit.score);
  return { hits: ranked.slice(0, request.candidates), matched, moments: bm25Moments(listed, matched, allowed.count) };
}

/** Runs a search pipeline; what it finds is of one version of each document. */
const search = (
  context: Context,
  scope: Scope,
  pipeline: readonly Readonly<Record<string, unknown>>[],
  signal: AbortSignal | undefined,
): Promise<readonly Scored[]> =>
  visibleRows(
    context,
    scope,
    () =>
      rows(context, collections.chunks)
        .aggregate<Scored>([...pipeline], { signal, batchSize: 1000 })
        .toArray(),
    signal,
  );

function holdsAll(context: Context, row: ChunkRow, { phrases }: QueryWords): boolean {
  if (phrases.length === 0) return true;
  const content = context.analyzer.analyzeWithOffsets(row.content);
  const title = context.analyzer.analyzeWithOffsets(row.title);
  return phrases.every((phrase) => holdsPhrase(content, phrase) || holdsPhrase(title, phrase));
}

const best = (hits: Leg["hits"], limit: number): Leg["hits"] =>
  hits.toSorted((a, b) => b.score - a.score || compareText(a.row.chunk_id, b.row.chunk_id)).slice(0, limit);
