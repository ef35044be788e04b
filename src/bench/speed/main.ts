/** `npm run bench:speed`: how fast, how large, beside others, in one run. */
import { join } from "node:path";
import { environmentOf } from "../../config/config.ts";
import { readDataset } from "../../evaluate/read-dataset.ts";
import { judgedDataFolder } from "../judged-data.ts";
import { runRecord, writeResult } from "../run-record.ts";
import { candidateKinds } from "./candidates.ts";
import { compare } from "./compare.ts";
import { corpusOf } from "./corpus.ts";
import { graphLines, measureGraph, type GraphFigures } from "./graph-rate.ts";
import { measureIngest, type IngestFigures } from "./ingest-rate.ts";
import { installSize } from "./install-size.ts";
import { measureMongo, mongoLines } from "./mongodb.ts";
import { measureMongoGraph, mongoGraphLines } from "./mongodb-graph.ts";
import { trueNearest } from "./nearest.ts";
import { parseOptions, usage, type SpeedOptions } from "./options.ts";
import { isInstalled } from "./peers.ts";
import { ingestLines, scenarioLines, type Scenario } from "./report.ts";
import { builtIndex, openCandidate } from "./run-candidate.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const note = (line: string): void => void process.stderr.write(`${line}\n`);
/** Questions whose true neighbours are searched for, to see that all engines find the same. */
const checkedQuestions = 50;
const graphSize = 100_000;
/** Of the graph over MongoDB: the test server takes its time until each was asked twice. */
const graphQuestions = 30;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 2;
  const run = runRecord();
  if (run.machine.load > run.machine.cores)
    note(`Load ${run.machine.load} on ${run.machine.cores} cores: trust CPU ms, not times.`);
  const install = options.suites.includes("install") ? installSize() : null;
  if (install !== null) print(`production dependencies: ${install.total_mb.toFixed(0)} MB\n`);
  const ingest = options.suites.includes("ingest") ? await ingestFigures() : null;
  if (ingest !== null) for (const line of [...ingestLines(ingest), ""]) print(line);
  const mongodb = options.suites.includes("mongodb")
    ? await measureMongo(environmentOf()["HYBRIDRAG_LIVE_MONGODB_URI"] ?? null)
    : null;
  if (mongodb !== null) for (const line of [...mongoLines(mongodb), ""]) print(line);
  const mongodbGraph = options.suites.includes("mongodb-graph") ? await measureMongoGraph(graphQuestions) : null;
  if (mongodbGraph !== null) for (const line of [...mongoGraphLines(mongodbGraph), ""]) print(line);
  const graph = options.suites.includes("graph") ? await graphFigures(options) : null;
  if (graph !== null) for (const line of [...graphLines(graph), ""]) print(line);
  const compared: Scenario[] = [];
  for (const { size, names } of options.suites.includes("search") ? options.scenarios : []) {
    const scenario = await measureScenario(size, names.filter(isAtHand), options);
    compared.push(scenario);
    for (const line of [...scenarioLines(scenario), ""]) print(line);
  }
  print(writeResult("speed", { run, install, ingest, mongodb, mongodb_graph: mongodbGraph, graph, search: compared }));
  return 0;
}

function readOptions(): SpeedOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    note(`${(error as Error).message}\n${usage}`);
    return null;
  }
}

function isAtHand(wanted: string): boolean {
  const kind = candidateKinds.find(({ name }) => name === wanted);
  const isThere = kind !== undefined && (kind.peer === null || isInstalled(kind.peer));
  if (!isThere) note(`${wanted} is left out: ${kind === undefined ? "nothing is called so" : "npm run bench:install"}`);
  return isThere;
}

async function measureScenario(size: number, names: readonly string[], options: SpeedOptions): Promise<Scenario> {
  const built = [];
  for (const candidate of names) {
    note(`${size}: ${candidate}`);
    built.push({ candidate, ...(await builtIndex(candidate, size, options.rebuild)) });
  }
  const nearest = trueNearest(corpusOf(size), Math.min(checkedQuestions, options.queries));
  const running = [];
  for (const name of names) running.push(await openCandidate(name, size));
  const figures = await compare(running, { queries: options.queries, nearest, note });
  for (const { close } of running) await close();
  return { size, built, ...figures };
}

async function ingestFigures(): Promise<IngestFigures | null> {
  const texts = await abstracts();
  if (texts === null) {
    note("ingest is left out: there are no judged collections, see HYBRIDRAG_JUDGED_DATA");
    return null;
  }
  const figures = await measureIngest(texts);
  if (figures === null) note("ingest is left out: no embedder is set");
  return figures;
}

async function abstracts(): Promise<readonly string[] | null> {
  const data = judgedDataFolder(environmentOf());
  if (data === null) return null;
  const { documents } = await readDataset(join(data, "cranfield"));
  return documents.map(({ text }) => text).filter((text) => text.trim() !== "");
}

/** At the size of the graph's goals, unless another is asked for alone. */
async function graphFigures({ scenarios, queries }: SpeedOptions): Promise<GraphFigures> {
  const [only, ...others] = scenarios;
  const size = only !== undefined && others.length === 0 ? only.size : graphSize;
  return measureGraph(size, queries, await abstracts());
}
