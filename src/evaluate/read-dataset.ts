import { basename, resolve } from "node:path";
import { z } from "zod";
import { HybridRAGError } from "../errors.ts";
import { allOf, type Filter } from "../filter/filter.ts";
import type { Metadata } from "../records.ts";
import type { Dataset, EvalDocument, EvalQuery, FilterQuery } from "./dataset.ts";
import { parseDatasetFilter } from "./dataset-filter.ts";
import { findFile, readLines, readRecords, wrongLine } from "./read-lines.ts";

const metadata = z.record(z.string(), z.unknown()).default({});
const documentLine = z.object({ _id: z.string().min(1), title: z.string().default(""), text: z.string(), metadata });
const queryLine = z.object({ _id: z.string().min(1), text: z.string(), answer: z.string().optional(), metadata });
const filterLine = z.object({
  _id: z.string().min(1),
  text: z.string(),
  filter: z.unknown().transform(parseDatasetFilter),
  expected_ids: z.array(z.string()),
});

/**
 * Reads a BEIR folder: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv` or `qrels/test.tsv`, and `filter_queries.jsonl`,
 * each plain or gzipped; only the corpus must be there.
 * @throws HybridRAGError `invalid_input` that names the file and the line.
 */
export async function readDataset(folder: string): Promise<Dataset> {
  const corpus = await findFile(folder, ["corpus.jsonl"]);
  if (corpus === null) {
    throw new HybridRAGError(
      "invalid_input",
      `${folder} holds no corpus.jsonl or corpus.jsonl.gz; name a BEIR folder.`,
      {
        details: { path: folder },
      },
    );
  }
  const [queries, qrels, filters] = await Promise.all([
    findFile(folder, ["queries.jsonl"]),
    findFile(folder, ["qrels.tsv", "qrels/test.tsv"]),
    findFile(folder, ["filter_queries.jsonl"]),
  ]);
  const judged = qrels === null ? new Map<string, Map<string, number>>() : await readJudgements(qrels);
  return {
    name: basename(resolve(folder)),
    documents: (await readRecords(corpus, documentLine)).map(toDocument),
    queries: (queries === null ? [] : await readRecords(queries, queryLine)).map((line) => toQuery(line, judged)),
    filterQueries: (filters === null ? [] : await readRecords(filters, filterLine)).map(toFilterQuery),
  };
}

/** Latitude and longitude in two fields also become a GeoJSON point, so that geographic filters find them. */
function toDocument(line: z.output<typeof documentLine>): EvalDocument {
  const { lat, lon } = line.metadata;
  const located = typeof lat === "number" && typeof lon === "number" && line.metadata["location"] === undefined;
  const location = located ? { location: { type: "Point", coordinates: [lon, lat] } } : {};
  return {
    document_id: line._id,
    title: line.title,
    text: line.text,
    metadata: { ...line.metadata, ...location } as Metadata,
  };
}

function toQuery(
  line: z.output<typeof queryLine>,
  judged: ReadonlyMap<string, ReadonlyMap<string, number>>,
): EvalQuery {
  const aliases = line.metadata["answer_aliases"];
  return {
    id: line._id,
    text: line.text,
    filter: allOf(scopeFilter(line.metadata["scope"])),
    judgements: judged.get(line._id) ?? new Map(),
    answers: [line.answer, ...(Array.isArray(aliases) ? (aliases as readonly unknown[]) : [])].filter(
      (answer) => typeof answer === "string",
    ),
    metadata: line.metadata,
  };
}

const scopeFilter = (scope: unknown): Filter | null =>
  typeof scope === "string" ? { op: "eq", field: "metadata.scope", value: scope } : null;

const toFilterQuery = (line: z.output<typeof filterLine>): FilterQuery => ({
  id: line._id,
  text: line.text,
  filter: line.filter,
  expected: new Set(line.expected_ids),
});

/** Tab-separated query, document, grade, under one header line. */
async function readJudgements(path: string): Promise<Map<string, Map<string, number>>> {
  const judged = new Map<string, Map<string, number>>();
  for await (const { line, number } of readLines(path)) {
    const [query, document, score] = line.split("\t");
    if (number === 1 && !Number.isFinite(Number(score))) continue;
    if (query === undefined || document === undefined || score === undefined || !Number.isFinite(Number(score))) {
      throw wrongLine(path, number, new Error("query-id, corpus-id and score are expected, with tabs between."));
    }
    const grades = judged.get(query) ?? new Map<string, number>();
    judged.set(query, grades.set(document, Number(score)));
  }
  return judged;
}
