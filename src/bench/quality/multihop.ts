import type { Dataset } from "../../evaluate/dataset.ts";
import { evaluate } from "../../evaluate/evaluate.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import type { Mode } from "../../query/query-request.ts";
import type { Figures } from "../floors.ts";
import type { Indexed } from "./indexed.ts";

/** The same questions as people type them: names are then known by the dictionary alone. */
const inLowerCase = (dataset: Dataset): Dataset => ({
  ...dataset,
  queries: dataset.queries.map((query) => ({ ...query, text: query.text.toLowerCase() })),
});

/** What following links is worth when the question's names are not written as names. */
export async function measureLowerCase(
  dataset: Dataset,
  { ports, scope, settings }: Indexed,
  modes: readonly Mode[],
): Promise<Figures> {
  const search = await documentSearch(ports, scope, settings);
  const evaluation = await evaluate(inLowerCase(dataset), { search, modes, now: ports.now });
  return Object.fromEntries(
    Object.entries(evaluation.modes).flatMap(([mode, found]) =>
      (["recall@5", "ndcg@10"] as const).flatMap((measure) =>
        found[measure] === null ? [] : [[`${mode}/lower case ${measure}`, found[measure]] as const],
      ),
    ),
  );
}
