import type { Dataset, EvalQuery } from "../../evaluate/dataset.ts";
import { evaluate } from "../../evaluate/evaluate.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import type { Extractor } from "../../ports/extractor.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Figures } from "../floors.ts";
import type { Indexed } from "./indexed.ts";

/** What following links is worth, and where: by the number of hops, without capitals, on the steps alone. */
export async function measureMultihop(dataset: Dataset, indexed: Indexed, modes: readonly Mode[]): Promise<Figures> {
  const hops = Map.groupBy(dataset.queries, (query) => Number(query.metadata["hops"]));
  const figures: Record<string, number> = {};
  for (const [count, queries] of hops)
    Object.assign(figures, await measureNamed(`${count} hops`, { ...dataset, queries }, indexed, modes));
  Object.assign(figures, await measureNamed("lower case", inLowerCase(dataset), indexed, modes));
  Object.assign(figures, await measureNamed("single steps", inSteps(dataset), indexed, modes));
  return figures;
}

/** Recall and nDCG of these questions, as `mode/name measure`. */
export async function measureNamed(
  name: string,
  dataset: Dataset,
  { ports, scope, settings }: Indexed,
  modes: readonly Mode[],
): Promise<Figures> {
  const search = await documentSearch(ports, scope, settings);
  const evaluation = await evaluate(dataset, { search, modes, now: ports.now });
  return Object.fromEntries(
    Object.entries(evaluation.modes).flatMap(([mode, found]) =>
      (["recall@5", "ndcg@10"] as const).flatMap((measure) =>
        found[measure] === null ? [] : [[`${mode}/${name} ${measure}`, found[measure]] as const],
      ),
    ),
  );
}

/** The same questions as people type them: names are then known by the dictionary alone. */
const inLowerCase = (dataset: Dataset): Dataset => ({
  ...dataset,
  queries: dataset.queries.map((query) => ({ ...query, text: query.text.toLowerCase() })),
});

interface Step {
  readonly question: string;
  readonly answer: string;
}

/**
 * The steps that the questions are made of, each an easy question that one passage answers: what following links must
 * not cost. A step is judged where only one of its question's passages holds the answer.
 */
export function inSteps(dataset: Dataset): Dataset {
  const texts = new Map(dataset.documents.map(({ document_id, title, text }) => [document_id, `${title} ${text}`]));
  return { ...dataset, queries: dataset.queries.flatMap((query) => stepsOf(query, texts)) };
}

function stepsOf(query: EvalQuery, texts: ReadonlyMap<string, string>): readonly EvalQuery[] {
  const steps = (query.metadata["decomposition"] ?? []) as readonly Step[];
  return steps.flatMap(({ question, answer }, at) => {
    const holding = [...query.judgements.keys()].filter((id) =>
      texts.get(id)?.toLowerCase().includes(answer.toLowerCase()),
    );
    // "Hello Love >> performer" is a relation of a knowledge base, not a question.
    if (question.includes(">>") || holding.length !== 1) return [];
    const text = question.replaceAll(/#(\d)/gu, (_whole, step: string) => steps[Number(step) - 1]!.answer);
    return { ...query, id: `${query.id} ${at}`, text, judgements: new Map([[holding[0]!, 1]]) };
  });
}

/** Rules that are told no titles: what the links of a collection without usable ones are worth. */
export const withoutTitles = (rules: Extractor): Extractor => ({
  ...rules,
  fingerprint: `${rules.fingerprint} without titles`,
  extract: (passages, options) =>
    rules.extract(
      passages.map((passage) => ({ ...passage, title: "" })),
      options,
    ),
});
