import { HybridRAGError } from "../../errors.ts";
import type { NativeFusion, NativeScore } from "../../ports/chunk-store.ts";
import { isBody, type Body } from "./check-pipeline.ts";
import type { Context } from "./context.ts";
import { capabilitiesOf } from "./probe.ts";
import type { QueryWords } from "./query-words.ts";
import { rankFusionStage, serverRankConstant, type FusionInput } from "./rank-fusion.ts";
import { runSearch } from "./run-search.ts";
import { fuseScores, scoreFusionStage } from "./score-fusion.ts";
import {
  limitOfVectors,
  limitOfWords,
  nothing,
  ranking,
  settled,
  textStage,
  vectorStage,
  type Asked,
  type Found,
  type Hit,
  type RankedRow,
  type Ranking,
} from "./search-legs.ts";

/** Both legs as the server fused them, and what it gave each passage, by `_id`. */
export interface NativelyFused {
  readonly vector: Found;
  readonly text: Found;
  readonly scores: ReadonlyMap<string, NativeScore>;
}

const stages = { rank: "$rankFusion", score: "$scoreFusion" } as const;
const settings = { rank: "native-rank", score: "native-score" } as const;
/** What computes nearly the same in our process. */
const instead = { rank: "rrf", score: "convex" } as const;

/** @throws HybridRAGError `invalid_config` on a server that cannot. */
export async function requireNative(context: Context, { kind }: NativeFusion): Promise<void> {
  const found = await capabilitiesOf(context);
  if (kind === "rank" ? found.rankFusion : found.scoreFusion) return;
  throw new HybridRAGError(
    "invalid_config",
    `HYBRIDRAG_FUSION=${settings[kind]} needs a server with ${stages[kind]}, which this one does not have or MONGODB_FEATURES_OFF switches off; set ` +
      `HYBRIDRAG_FUSION=${instead[kind]}, which is computed here.`,
    { details: { setting: "HYBRIDRAG_FUSION" } },
  );
}

interface FusedRow extends RankedRow {
  readonly details: unknown;
}

/** One command for both legs: the server ranks, fuses and says what each leg gave. */
export async function findNatively(asked: Asked, words: QueryWords, native: NativeFusion): Promise<NativelyFused> {
  const { context, allowed, request, signal } = asked;
  let scores: ReadonlyMap<string, NativeScore> = new Map();
  let lists: Lists = { vector: [], text: [] };
  const found = await settled(signal, async () => {
    if (allowed.count === 0) return { rows: nothing.rows, isComplete: true, moments: null };
    const inputs = inputsOf(asked, words, native);
    const stage =
      native.kind === "rank" ? rankFusionStage(inputs, true) : scoreFusionStage(inputs, native.normalization, true);
    const bodies = words.phrases.length > 0 ? { content: 1, title: 1 } : {};
    const computed = { score: { $meta: "score" }, details: { $meta: "scoreDetails" } };
    const pipeline = [stage, { $limit: 2 * request.candidates }, { $project: { ...ranking, ...bodies, ...computed } }];
    const rows = await runSearch<FusedRow>(context, pipeline, signal);
    if (rows.length === 0) await context.profile.doubtAndRequireReady();
    lists = listsOf(rows);
    scores = sharesOf(rows, lists, inputs, native);
    return { rows, isComplete: rows.length < 2 * request.candidates, moments: null };
  });
  return { vector: { ...found, rows: lists.vector }, text: { ...found, rows: lists.text }, scores };
}

function inputsOf(asked: Asked, words: QueryWords, native: NativeFusion): readonly FusionInput[] {
  const vector = [vectorStage(asked, limitOfVectors(asked)), { $limit: limitOfVectors(asked) }];
  const text = [textStage(asked, words), { $limit: limitOfWords(asked, words) }];
  return [
    { name: "vector", weight: native.vectorWeight, pipeline: vector },
    ...(words.terms.length === 0 ? [] : [{ name: "text", weight: native.textWeight, pipeline: text }]),
  ];
}

interface Lists {
  readonly vector: readonly RankedRow[];
  readonly text: readonly RankedRow[];
}

/** Each leg's list in the server's order, with the score that it gave. */
const listsOf = (rows: readonly FusedRow[]): Lists => ({ vector: listOf(rows, "vector"), text: listOf(rows, "text") });

const listOf = (rows: readonly FusedRow[], input: string): readonly RankedRow[] =>
  rows
    .flatMap((row) => {
      const { rank, score } = detailOf(row, input);
      return rank === null && score === null ? [] : [{ row: { ...row, score: score ?? 0 }, rank: rank ?? 0 }];
    })
    .toSorted((a, b) => a.rank - b.rank || b.row.score - a.row.score)
    .map(({ row }) => row);

interface Detail {
  readonly rank: number | null;
  readonly score: number | null;
}

/** `$rankFusion` says rank and value, `$scoreFusion` the raw score; an input that lacks the passage is `NA` or 0. */
function detailOf({ details }: FusedRow, input: string): Detail {
  const list: unknown = isBody(details) ? details["details"] : undefined;
  const found = Array.isArray(list) ? list.find((one) => isBody(one) && one["inputPipelineName"] === input) : undefined;
  if (!isBody(found)) return { rank: null, score: null };
  if ("rank" in found) {
    const rank = Number(found["rank"]);
    return Number.isFinite(rank) ? { rank, score: numberIn(found, "value") } : { rank: null, score: null };
  }
  const raw = numberIn(found, "inputPipelineRawScore");
  return { rank: null, score: raw === 0 ? null : raw };
}

const numberIn = (body: Body, name: string): number | null => {
  const value = Number(body[name]);
  return Number.isFinite(value) ? value : null;
};

/** What each leg gave, by our own arithmetic, brought to the sum that the server says. */
function sharesOf(
  rows: readonly FusedRow[],
  lists: Lists,
  inputs: readonly FusionInput[],
  native: NativeFusion,
): ReadonlyMap<string, NativeScore> {
  const own = { vector: ownShares("vector"), text: ownShares("text") };
  return new Map(
    rows.map((row) => {
      const [vector, text] = [own.vector.get(row._id) ?? 0, own.text.get(row._id) ?? 0];
      const scale = vector + text === 0 ? 0 : row.score / (vector + text);
      return [row._id, { score: row.score, vector: vector * scale, text: text * scale }] as const;
    }),
  );

  function ownShares(name: "vector" | "text"): ReadonlyMap<string, number> {
    const weight = inputs.find((input) => input.name === name)?.weight ?? 0;
    if (native.kind === "rank") {
      return new Map(
        rows.flatMap((row) => {
          const { rank } = detailOf(row, name);
          return rank === null ? [] : [[row._id, weight / (serverRankConstant + rank)] as const];
        }),
      );
    }
    const hits = lists[name].map(({ _id, score }) => ({ id: _id, score }));
    return new Map(fuseScores([{ weight, hits }], native.normalization).map(({ id, score }) => [id, score]));
  }
}

/** The text leg in the server's order, with our BM25 beside it. */
export function rankAsListed(found: Found, words: QueryWords, admits: (row: RankedRow) => boolean): Ranking {
  const hits = found.rows.filter(admits).map((row): Hit => ({ row, score: words.scoreOf(row) }));
  return { hits, matched: hits.length, moments: null };
}
