import type { Filter } from "../filter/filter.ts";
import type { Mode } from "../query/query-request.ts";
import type { Dataset, EvalQuery, FilterQuery } from "./dataset.ts";
import { averagePrecision, mean, ndcgAt, percentile, recallAt, reciprocalRankAt } from "./measures.ts";

/** Ids of documents, best first, each once. `limit` counts documents. */
export type SearchDocuments = (request: {
  readonly query: string;
  readonly mode: Mode;
  readonly filter: Filter | null;
  readonly limit: number;
}) => Promise<readonly string[]>;

export interface FilterFigures {
  readonly total: number;
  /** Queries that returned the expected ids and no other, at a limit above their number. */
  readonly exact: number;
  /** Ids returned that the filter excludes, at a large and at a small limit. */
  readonly violations: number;
}

export interface ModeFigures {
  /** Null where the set has no judgements. */
  readonly "recall@5": number | null;
  readonly "recall@10": number | null;
  readonly "ndcg@10": number | null;
  readonly "mrr@10": number | null;
  readonly map: number | null;
  /** Queries with at least one relevant document: what the means are over. */
  readonly queries: number;
  /** Milliseconds of a search, the question's embedding included. */
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly filters?: FilterFigures;
}

/** What `eval --json` prints. */
export interface Evaluation {
  readonly dataset: string;
  readonly modes: Readonly<Partial<Record<Mode, ModeFigures>>>;
}

export interface EvaluateOptions {
  readonly search: SearchDocuments;
  readonly modes: readonly Mode[];
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly onProgress?: (done: { readonly mode: Mode; readonly queries: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** `map` is over the first hundred documents. */
const depth = 100;
const smallLimit = 10;

/** Runs every judged query and every filter in every mode, one after another. */
export async function evaluate(dataset: Dataset, options: EvaluateOptions): Promise<Evaluation> {
  const figures: Partial<Record<Mode, ModeFigures>> = {};
  for (const mode of options.modes) figures[mode] = await evaluateMode(dataset, mode, options);
  return { dataset: dataset.name, modes: figures };
}

async function evaluateMode(dataset: Dataset, mode: Mode, options: EvaluateOptions): Promise<ModeFigures> {
  const judged = dataset.queries.filter(hasRelevant);
  const times: number[] = [];
  const search: SearchDocuments = async (request) => {
    options.signal?.throwIfAborted();
    const started = options.now();
    const ids = await options.search(request);
    times.push(options.now() - started);
    return ids;
  };
  const rankings: (readonly string[])[] = [];
  for (const { text, filter } of judged) {
    rankings.push(await search({ query: text, mode, filter, limit: depth }));
    options.onProgress?.({ mode, queries: rankings.length, total: judged.length });
  }
  const filters = await evaluateFilters(dataset, mode, search);
  return {
    ...measuresOf(judged, rankings),
    queries: judged.length,
    p50_ms: percentile(0.5, times),
    p95_ms: percentile(0.95, times),
    ...(filters.total === 0 ? {} : { filters }),
  };
}

const hasRelevant = ({ judgements }: EvalQuery): boolean => [...judgements.values()].some((grade) => grade > 0);

function measuresOf(queries: readonly EvalQuery[], rankings: readonly (readonly string[])[]) {
  const average = (measure: (ranking: readonly string[], judgements: EvalQuery["judgements"]) => number) =>
    queries.length === 0 ? null : mean(queries.map(({ judgements }, index) => measure(rankings[index]!, judgements)));
  return {
    "recall@5": average((ranking, judgements) => recallAt(5, ranking, judgements)),
    "recall@10": average((ranking, judgements) => recallAt(10, ranking, judgements)),
    "ndcg@10": average((ranking, judgements) => ndcgAt(10, ranking, judgements)),
    "mrr@10": average((ranking, judgements) => reciprocalRankAt(10, ranking, judgements)),
    map: average(averagePrecision),
  };
}

async function evaluateFilters(dataset: Dataset, mode: Mode, search: SearchDocuments): Promise<FilterFigures> {
  let exact = 0;
  let violations = 0;
  for (const query of dataset.filterQueries) {
    const all = await search({ query: query.text, mode, filter: query.filter, limit: dataset.documents.length });
    const few = await search({ query: query.text, mode, filter: query.filter, limit: smallLimit });
    violations += [...all, ...few].filter((id) => !query.expected.has(id)).length;
    if (isExact(query, all, few)) exact += 1;
  }
  return { total: dataset.filterQueries.length, exact, violations };
}

/** The whole set at a large limit, and a full list at a small one: a filter applied too late comes back short. */
const isExact = ({ expected }: FilterQuery, all: readonly string[], few: readonly string[]): boolean =>
  all.length === expected.size &&
  all.every((id) => expected.has(id)) &&
  few.length === Math.min(smallLimit, expected.size);
