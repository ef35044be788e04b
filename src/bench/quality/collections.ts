import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../../evaluate/dataset.ts";
import { readDataset } from "../../evaluate/read-dataset.ts";
import { readSpanQuestions, type SpanQuestion } from "./span-questions.ts";

/** What a collection is good for measuring. */
export type Measure =
  | "retrieval"
  | "filters"
  | "answers"
  | "spans"
  | "families"
  | "abstention"
  | "multi-hop"
  | "links"
  | "themes"
  | "turns";

export interface CollectionKind {
  readonly name: string;
  readonly measures: readonly Measure[];
  /** Small and telling: measured by `--quick` too. */
  readonly quick: boolean;
}

/** Not of the folder: made from packages of the checkout, see `linked-docs.ts`. */
export const packageDocs = "package-docs";

export const collectionKinds: readonly CollectionKind[] = [
  { name: "cranfield", measures: ["retrieval", "abstention"], quick: true },
  { name: "cacm", measures: ["retrieval", "abstention"], quick: true },
  { name: "musique-train100", measures: ["retrieval", "multi-hop", "answers", "abstention"], quick: true },
  { name: "locomo", measures: ["retrieval", "abstention", "themes", "turns"], quick: false },
  { name: "beam-100k", measures: ["retrieval", "themes", "turns"], quick: false },
  { name: "stackfaq", measures: ["retrieval", "abstention", "themes"], quick: false },
  { name: "financebench-mini", measures: ["retrieval", "themes"], quick: false },
  { name: "usgs-earthquakes-filters", measures: ["filters"], quick: true },
  { name: "chunking-spans", measures: ["spans", "abstention"], quick: false },
  { name: "filing-families", measures: ["families", "themes"], quick: false },
  { name: packageDocs, measures: ["links"], quick: false },
];

export interface Collection extends CollectionKind {
  readonly folder: string;
  readonly dataset: Dataset;
  readonly spanQuestions: readonly SpanQuestion[];
}

/** Reads a collection of the folder; null when the folder lacks it. */
export async function readCollection(data: string, kind: CollectionKind): Promise<Collection | null> {
  const folder = join(data, kind.name);
  if (!existsSync(folder)) return null;
  if (!kind.measures.includes("spans"))
    return { ...kind, folder, dataset: await readDataset(folder), spanQuestions: [] };
  const { documents, questions } = await readSpanQuestions(folder);
  const queries = questions.map(({ id, text, document }) => ({
    id,
    text,
    filter: null,
    judgements: new Map([[document, 1]]),
    answers: [],
    metadata: {},
  }));
  return {
    ...kind,
    folder,
    dataset: { name: kind.name, documents, queries, filterQueries: [] },
    spanQuestions: questions,
  };
}
