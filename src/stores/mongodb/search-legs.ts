import { compareText } from "../../filter/matches.ts";
import type { HybridRAGError } from "../../errors.ts";
import type { ChunkSearch, Moments } from "../../ports/chunk-store.ts";
import type { Scope } from "../../scope.ts";
import type { Allowed } from "./allowed.ts";
import type { Body } from "./check-pipeline.ts";
import type { ChunkRow } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { bm25Moments, cosineMoments } from "./moments.ts";
import { holdsPhrase, type AskedWords, type QueryWords, type SearchedWords } from "./query-words.ts";
import { maxClauses, textSearchStage } from "./text-search.ts";
import { runSearch } from "./run-search.ts";
import { translateError } from "./translate-error.ts";
import { maxCandidates, vectorSearchStage } from "./vector-search.ts";

/** What a leg fetches of a row: enough to rank it. Bodies are read once, of the rows that are chosen. */
export const ranking = {
  chunk_id: 1,
  document_id: 1,
  batch: 1,
  metadata_json: 1,
  "terms.body": 1,
  "terms.title": 1,
} as const;

export type RankedRow = Pick<ChunkRow, "_id" | "chunk_id" | "document_id" | "batch" | "metadata_json" | "terms"> &
  Partial<Pick<ChunkRow, "content" | "title">> & { readonly score: number; readonly total?: number };

/** What a leg brought, or why it brought nothing. */
export interface Found {
  readonly rows: readonly RankedRow[];
  /** The server's own limit was not reached: there is no more. */
  readonly isComplete: boolean;
  /** Of the cosine; null for the text leg, whose moments come with the ranking. */
  readonly moments: Moments | null;
  readonly milliseconds: number;
  readonly error: HybridRAGError | null;
}

export interface Hit {
  readonly row: RankedRow;
  readonly score: number;
}

/** A leg's hits in order. */
export interface Ranking {
  readonly hits: readonly Hit[];
  readonly matched: number;
  readonly moments: Moments | null;
}

export interface Asked {
  readonly context: Context;
  readonly scope: Scope;
  readonly request: ChunkSearch;
  readonly allowed: Allowed;
  readonly signal: AbortSignal | undefined;
}

export const nothing = { rows: [], isComplete: true } as const;
/** Hits fetched beyond those asked for, so that equal scores at the cut are ordered by id and hidden rows are replaced. */
const slack = 40;

export const vectorStage = ({ context, request, allowed }: Asked, limit: number): Body =>
  vectorSearchStage(
    {
      vector: request.vector!,
      limit,
      filter: allowed.vector,
      allowed: allowed.isOpen ? null : allowed.count,
      ...(context.numCandidates === undefined ? {} : { numCandidates: context.numCandidates }),
    },
    context.profile.vector,
  );

/** Of an input of a fusion: exactly the candidates, unless rows are filtered afterwards. */
export const limitOfVectors = ({ request, allowed }: Asked): number =>
  allowed.isOpen ? maxCandidates : Math.min(maxCandidates, request.candidates);

const widthOfVectors = ({ request, allowed }: Asked): number =>
  allowed.isOpen ? maxCandidates : Math.min(maxCandidates, request.candidates + slack);

export function vectorPipeline(asked: Asked): readonly Body[] {
  const fields = asked.request.text === null ? withoutTerms : ranking;
  const stage = vectorStage(asked, widthOfVectors(asked));
  return [stage, { $project: { ...fields, score: { $meta: "vectorSearchScore" } } }];
}

export function findByVector(asked: Asked): Promise<Found> {
  const { context, scope, request, allowed, signal } = asked;
  const taken = () => cosineMoments(context, scope, request.vector!, allowed.count);
  return settled(signal, async () => {
    if (allowed.count === 0) return { ...nothing, moments: await taken() };
    const searched = runSearch<RankedRow>(context, vectorPipeline(asked), signal);
    const [found, moments] = await Promise.all([searched, onceSent(taken)]);
    if (found.length === 0) await context.profile.doubtAndRequireReady();
    return { rows: found, isComplete: found.length < widthOfVectors(asked), moments };
  });
}

/** Computes while the server works, in a turn of its own: a command sent in this one goes out first. */
const onceSent = <T>(compute: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    setImmediate(() => compute().then(resolve, reject));
  });

const { "terms.body": _body, "terms.title": _title, ...withoutTerms } = ranking;

/** Rows are filtered after the search, so more are needed. */
const isWide = ({ allowed }: Asked, words: SearchedWords): boolean =>
  allowed.isOpen || words.phrases.some((phrase) => phrase.length > 0);

export const limitOfWords = (asked: Asked, words: SearchedWords): number =>
  isWide(asked, words) ? maxCandidates : Math.min(maxCandidates, asked.request.candidates);

export function textStage({ context, allowed }: Asked, words: SearchedWords): Body {
  const required = words.phrases.filter((phrase) => phrase.length > 0).map((phrase) => phrase.map(({ term }) => term));
  const terms = words.terms.slice(0, maxClauses / 2 - 8);
  return textSearchStage({ terms, filter: allowed.search, required }, context.profile.text);
}

const widthOfWords = (asked: Asked, words: SearchedWords): number =>
  isWide(asked, words) ? maxCandidates : Math.min(maxCandidates, 2 * asked.request.candidates + slack);

export function textPipeline(asked: Asked, words: SearchedWords): readonly Body[] {
  const bodies = words.phrases.length > 0 ? { content: 1, title: 1 } : {};
  const computed = { score: { $meta: "searchScore" }, total: "$$SEARCH_META.count.total" };
  return [
    textStage(asked, words),
    { $limit: widthOfWords(asked, words) },
    { $project: { ...ranking, ...bodies, ...computed } },
  ];
}

/** Searches for the words as they are written while they are counted, and again only if that repaired one. */
export function findByWords(asked: Asked, { asWritten, counted }: AskedWords): Promise<Found> {
  const { context, allowed, signal } = asked;
  const searchFor = async (words: SearchedWords): Promise<readonly RankedRow[] | null> =>
    words.terms.length === 0 ? null : runSearch<RankedRow>(context, textPipeline(asked, words), signal);
  return settled(signal, async () => {
    if (allowed.count === 0) return { ...nothing, moments: null };
    const early = asWritten && searchFor(asWritten);
    early?.catch(() => undefined);
    const words = await counted;
    const found = await (isSame(asWritten, words) ? early : searchFor(words));
    if (found === null) return { ...nothing, moments: null };
    if (found.length === 0 && isFrequent(words)) await context.profile.doubtAndRequireReady();
    return { rows: found, isComplete: found.length < widthOfWords(asked, words), moments: null };
  });
}

const isSame = (asWritten: SearchedWords | null, { terms }: SearchedWords): boolean =>
  asWritten?.terms.length === terms.length && asWritten.terms.every((term, at) => term === terms[at]);

/** The tenant has a passage with one of these words. */
const isFrequent = ({ weights }: QueryWords): boolean => [...weights.frequencies.values()].some((count) => count > 0);

/** One leg may fail while the other answers; a cancelled call fails as a whole. */
export async function settled(
  signal: AbortSignal | undefined,
  work: () => Promise<Omit<Found, "milliseconds" | "error">>,
): Promise<Found> {
  const started = performance.now();
  try {
    return { ...(await work()), milliseconds: performance.now() - started, error: null };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const milliseconds = performance.now() - started;
    return { rows: [], isComplete: false, moments: null, milliseconds, error: translateError(error) };
  }
}

export function rankByVector(request: ChunkSearch, allowed: Allowed, found: Found): Ranking {
  const least = request.minCosine ?? -1 - 1e-6;
  const hits = found.rows
    .filter(allowed.admits)
    .map((row) => ({ row, score: 2 * row.score - 1 }))
    .filter(({ score }) => score >= least);
  return { hits: best(hits, request.candidates), matched: hits.length, moments: found.moments };
}

export function rankByWords(
  context: Context,
  request: ChunkSearch,
  allowed: Allowed,
  words: QueryWords,
  found: Found,
): Ranking {
  const hits = found.rows
    .filter(allowed.admits)
    .filter((row) => holdsAll(context, row, words))
    .map((row) => ({ row, score: words.scoreOf(row) }))
    .filter(({ score }) => score > 0);
  // Where the list is complete its length is exact; else the server's count stands, which may lag behind.
  const matched = found.isComplete ? hits.length : Number(found.rows[0]?.total ?? hits.length);
  const ranked = best(hits, hits.length);
  const listed = ranked.map((hit) => hit.score);
  return { hits: ranked.slice(0, request.candidates), matched, moments: bm25Moments(listed, matched, allowed.count) };
}

export function holdsAll(context: Context, row: RankedRow, { phrases }: QueryWords): boolean {
  if (phrases.length === 0) return true;
  const content = context.analyzer.analyzeWithOffsets(row.content ?? "");
  const title = context.analyzer.analyzeWithOffsets(row.title ?? "");
  return phrases.every((phrase) => holdsPhrase(content, phrase) || holdsPhrase(title, phrase));
}

const best = (hits: readonly Hit[], limit: number): readonly Hit[] =>
  hits.toSorted((a, b) => b.score - a.score || compareText(a.row.chunk_id, b.row.chunk_id)).slice(0, limit);
