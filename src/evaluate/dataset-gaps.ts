import type { Dataset } from "./dataset.ts";

/** What a collection lacks, as sentences; `nothing` when no figure can come of it. */
export interface DatasetGaps {
  readonly nothing: string | null;
  readonly notes: readonly string[];
}

/** Says before anything is measured what the figures will be about, and what they cannot be about. */
export function datasetGaps(dataset: Dataset): DatasetGaps {
  const { queries, filterQueries } = dataset;
  if (queries.length === 0 && filterQueries.length === 0)
    return nothing("There is nothing to ask: the folder holds no queries.jsonl and no filter_queries.jsonl.");
  const judged = queries.filter(({ judgements }) => judgements.size > 0);
  if (judged.length === 0 && filterQueries.length === 0)
    return nothing(
      "There is nothing to compare with: the folder holds no qrels.tsv or qrels/test.tsv that judges a query of queries.jsonl.",
    );
  const relevant = judged.filter(({ judgements }) => [...judgements.values()].some((grade) => grade > 0));
  return {
    nothing: null,
    notes: [
      ...(judged.length === 0 && queries.length > 0 ? ["No query is judged: only the filters are measured."] : []),
      ...(judged.length > 0 && relevant.length < queries.length
        ? [`${relevant.length} of ${queries.length} queries have a relevant document; the others are left out.`]
        : []),
      ...strangers(dataset),
    ],
  };
}

const nothing = (sentence: string): DatasetGaps => ({ nothing: sentence, notes: [] });

/** A judged document that is not there counts as not found, so it should be known. */
function strangers({ documents, queries }: Dataset): readonly string[] {
  const known = new Set(documents.map(({ document_id }) => document_id));
  const missing = queries.flatMap(({ judgements }) =>
    [...judgements].filter(([id, grade]) => grade > 0 && !known.has(id)).map(([id]) => id),
  );
  const example = missing[0];
  return example === undefined
    ? []
    : [
        `${new Set(missing).size} relevant documents are not in the corpus (such as "${example}") and count as not found.`,
      ];
}
