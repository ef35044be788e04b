import type { Dataset } from "../../evaluate/dataset.ts";
import { evaluate } from "../../evaluate/evaluate.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import type { Extractor } from "../../ports/extractor.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Figures } from "../floors.ts";
import type { Indexed } from "./indexed.ts";

/** The extractor on passages whose title nobody told it: what links are worth where titles name nothing. */
export const withoutTitles = (extractor: Extractor): Extractor => ({
  ...extractor,
  fingerprint: `${extractor.fingerprint}, untitled`,
  extract: (passages, options) =>
    extractor.extract(
      passages.map((passage) => ({ ...passage, title: "" })),
      options,
    ),
});

/** The same questions as people type them. */
export const inLowerCase = (dataset: Dataset): Dataset => ({
  ...dataset,
  queries: dataset.queries.map((query) => ({ ...query, text: query.text.toLowerCase() })),
});

/** What following links is worth on a collection whose questions need several passages. */
export async function measureMultihop(
  dataset: Dataset,
  { ports, scope, settings }: Indexed,
  modes: readonly Mode[] = ["hybrid", "mix"],
): Promise<Figures> {
  const search = await documentSearch(ports, scope, settings);
  const figures: Record<string, number> = {};
  for (const [name, asked] of [
    ["", dataset],
    ["lower case/", inLowerCase(dataset)],
  ] as const) {
    const evaluation = await evaluate(asked, { search, modes, now: ports.now });
    for (const [mode, found] of Object.entries(evaluation.modes)) {
      for (const measure of ["recall@5", "ndcg@10"] as const) {
        if (found[measure] !== null) figures[`${name}${mode}/${measure}`] = found[measure];
      }
    }
  }
  return figures;
}
