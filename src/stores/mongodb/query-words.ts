import type { Repair, TextQuery } from "../../ports/chunk-store.ts";
import type { Token } from "../../text/analyze.ts";
import { mayBeMistyped } from "../../text/common-words.ts";
import { isWithinOneEdit } from "../../text/edit-distance.ts";
import { bm25Scorer, type Group, type Weights } from "./bm25.ts";
import type { ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { runSearch } from "./run-search.ts";
import { nearWordsStage } from "./text-search.ts";

/** A query's words, repaired and widened, with what they weigh in the tenant. */
export interface QueryWords {
  readonly groups: readonly Group[];
  readonly weights: Weights;
  /** Every term that may match. */
  readonly terms: readonly string[];
  readonly report: readonly { readonly term: string; readonly documentFrequency: number }[];
  readonly repairs: readonly Repair[];
  readonly phrases: readonly (readonly Token[])[];
  /** BM25 of a row, over the tenant's own statistics. */
  readonly scoreOf: (row: Pick<ChunkRow, "terms">) => number;
}

/** What is searched for. */
export type SearchedWords = Pick<QueryWords, "terms" | "phrases">;

/** A query's words on their way: most are neither repaired nor widened, so search need not wait until they are counted. */
export interface AskedWords {
  /** What is searched for if nothing is repaired; null where words are widened. */
  readonly asWritten: SearchedWords | null;
  readonly counted: Promise<QueryWords>;
}

interface Form {
  readonly word: string;
  readonly term: string;
}

/** Longer words and near words that one word may stand for. */
const maxForms = 400;
/** Chunks that are looked through for near words. */
const nearChunks = 300;

export function askWords(
  context: Context,
  tenant: string,
  query: TextQuery,
  signal: AbortSignal | undefined,
): AskedWords {
  const written = context.analyzer.analyzeWithOffsets(query.query);
  const phrases = (query.phrases ?? []).map((phrase) => context.analyzer.analyzeWithOffsets(phrase));
  const isWidened = query.prefix === true || query.fuzzy === true;
  const counted = countWords(context, tenant, query, written, phrases, signal);
  // Whoever waits for it is told; nobody may, if something else fails first.
  counted.catch(() => undefined);
  return { asWritten: isWidened ? null : { terms: [...new Set(written.map(({ term }) => term))], phrases }, counted };
}

async function countWords(
  context: Context,
  tenant: string,
  query: TextQuery,
  written: readonly Token[],
  phrases: QueryWords["phrases"],
  signal: AbortSignal | undefined,
): Promise<QueryWords> {
  const corpus = await context.statistics.corpus(context, tenant);
  const repaired = query.repairTypos ? await repair(context, tenant, written, signal) : new Map<string, Form>();
  const said = written.map(({ word, term }): Form => repaired.get(word) ?? { word, term });
  const words = [...new Map(said.map((form) => [form.term, form])).values()];
  const widened = await Promise.all(
    words.map((form, at) => widen(context, tenant, query, form, at === words.length - 1, signal)),
  );
  const groups = words.map(({ term }, index): Group => ({
    terms: [...new Set([term, ...widened[index]!.map((form) => form.term)])],
    times: said.filter((form) => form.term === term).length,
  }));
  const terms = [...new Set(groups.flatMap((group) => group.terms))];
  const entries = terms.flatMap((term) => [`b${term}`, `t${term}`]);
  const frequencies = await context.statistics.frequencies(context, tenant, entries, signal);
  const weights = { corpus, frequencies };
  return {
    groups,
    weights,
    terms,
    report: words.map(({ term }) => ({ term, documentFrequency: frequencies.get(`b${term}`) ?? 0 })),
    repairs: [...repaired].map(([from, { word }]) => ({ from, to: word })),
    phrases,
    scoreOf: bm25Scorer(groups, weights),
  };
}

/** Words that no chunk has, each with the commonest word one edit away. */
async function repair(
  context: Context,
  tenant: string,
  written: readonly Token[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Form>> {
  const entries = written.flatMap(({ term }) => [`b${term}`, `t${term}`]);
  const known = await context.statistics.frequencies(context, tenant, entries, signal);
  const repairs = new Map<string, Form>();
  for (const { word, term } of written) {
    if (!mayBeMistyped(word) || (known.get(`b${term}`) ?? 0) > 0) continue;
    const near = await nearForms(context, tenant, word, signal);
    const counts = await context.statistics.frequencies(context, tenant, near.map(entryOf), signal);
    const count = (form: Form): number => counts.get(entryOf(form)) ?? 0;
    const [best] = near.toSorted((a, b) => count(b) - count(a) || (a.word < b.word ? -1 : 1));
    if (best !== undefined && count(best) > 0) repairs.set(word, best);
  }
  return repairs;
}

const entryOf = ({ word, term }: Form): string => `w${word} ${term}`;

function formOf(entry: string): Form {
  const [word = "", term = ""] = entry.slice(1).split(" ");
  return { word, term };
}

async function widen(
  context: Context,
  tenant: string,
  query: TextQuery,
  form: Form,
  isLast: boolean,
  signal: AbortSignal | undefined,
): Promise<readonly Form[]> {
  const longer = query.prefix === true && isLast ? await longerForms(context, tenant, form.word, signal) : [];
  const near = query.fuzzy === true ? await nearForms(context, tenant, form.word, signal) : [];
  return [...longer, ...near].slice(0, maxForms);
}

/** Words of the tenant that begin so: a range of the vocabulary's index. */
async function longerForms(
  context: Context,
  tenant: string,
  start: string,
  signal: AbortSignal | undefined,
): Promise<readonly Form[]> {
  const begins = { $regex: `^w${start.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}` };
  const found = await rows(context, collections.chunks)
    .aggregate<{ _id: string }>(
      [
        { $match: { "metadata.tenant_id": tenant, live: true, vocabulary: begins } },
        { $project: { vocabulary: 1 } },
        { $unwind: "$vocabulary" },
        { $match: { vocabulary: begins } },
        { $group: { _id: "$vocabulary" } },
        { $limit: maxForms },
      ],
      { signal },
    )
    .toArray();
  return found.map(({ _id }) => formOf(_id));
}

/** Words of the tenant one edit away, out of the chunks that a fuzzy search finds. */
async function nearForms(
  context: Context,
  tenant: string,
  word: string,
  signal: AbortSignal | undefined,
): Promise<readonly Form[]> {
  const filter = [{ equals: { path: "metadata.tenant_id", value: tenant } }, { equals: { path: "live", value: true } }];
  const stage = nearWordsStage(word, filter, context.profile.text);
  const pipeline = [stage, { $limit: nearChunks }, { $project: { vocabulary: 1 } }];
  const found = await runSearch<{ readonly vocabulary: readonly string[] }>(context, pipeline, signal);
  if (found.length === 0) await context.profile.doubtAndRequireReady();
  const entries = new Set(found.flatMap((row) => row.vocabulary.filter((entry) => entry.startsWith("w"))));
  return [...entries].map(formOf).filter((form) => form.word !== word && isWithinOneEdit(form.word, word));
}

/** Whether the phrase's words stand in the text as far from each other as in the phrase; stop words are any word. */
export function holdsPhrase(text: readonly Token[], phrase: readonly Token[]): boolean {
  const termAt = new Map(text.map((token) => [token.position, token.term]));
  const first = phrase[0]?.position ?? 0;
  return text.some(({ position: start }) =>
    phrase.every(({ position, term }) => termAt.get(start + position - first) === term),
  );
}
