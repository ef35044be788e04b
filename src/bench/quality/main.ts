/** `npm run bench:quality`: retrieval, filters, chunks, answers and abstention on the judged collections. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentOf } from "../../config/config.ts";
import { isHybridRAGError } from "../../errors.ts";
import { mean } from "../../evaluate/measures.ts";
import type { Mode } from "../../query/query-request.ts";
import { localExtractor } from "../../providers/local/index.ts";
import { fallenFigures, raisedFloors, readFloors, writeFloors, type Figures } from "../floors.ts";
import { judgedDataFolder } from "../judged-data.ts";
import { runRecord, writeResult } from "../run-record.ts";
import { measureAbstention } from "./abstention.ts";
import { measureChunking, readChunkingSet } from "./chunking.ts";
import { packageDocs, readCollection, type Collection } from "./collections.ts";
import type { Indexed } from "./indexed.ts";
import { measureLinked, pagesOfPackages } from "./linked-docs.ts";
import { measureCollection } from "./measure-collection.ts";
import { measureNamed, withoutTitles } from "./multihop.ts";
import { parseOptions, usage, type QualityOptions } from "./options.ts";
import { coverageLines, fallLines, qualityLines } from "./report.ts";
import { measureThemes } from "./themes.ts";
import { notAsked, topicsOf } from "./topics.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const note = (line: string): void => void process.stderr.write(`${line}\n`);
const floorsPath = join("bench", "floors.json");

process.exitCode = await main().catch((error: unknown) => {
  if (!isHybridRAGError(error)) throw error;
  note(error.message);
  return 1;
});

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 2;
  const data = judgedDataFolder(environmentOf());
  if (data === null) {
    print("Skipped: there are no judged collections. Set HYBRIDRAG_JUDGED_DATA to their folder.");
    if (options.check) print("Nothing was checked, so --check fails.");
    return options.check ? 3 : 0;
  }
  if (!existsSync(data)) {
    note(`There is no folder ${data}, which HYBRIDRAG_JUDGED_DATA names.`);
    return 2;
  }
  const bench = await openWorkbench(note);
  try {
    const figures = await measureAll(bench, data, options);
    for (const line of qualityLines(figures)) print(line);
    const run = runRecord();
    print(`\n${writeResult("quality", { run, embedder: bench.embedder, figures })}`);
    return compare(figures, bench.embedder, options);
  } finally {
    await bench.close();
  }
}

function readOptions(): QualityOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    note(`${(error as Error).message}\n${usage}`);
    return null;
  }
}

async function measureAll(bench: Workbench, data: string, options: QualityOptions): Promise<Figures> {
  const modes = options.modes.filter((mode) => bench.rag.embedder !== null || mode === "text");
  const figures: Record<string, number> = {};
  const indexed: (readonly [Collection, Indexed])[] = [];
  for (const kind of options.kinds) {
    if (kind.name === packageDocs) {
      Object.assign(figures, await links(bench, modes));
      continue;
    }
    const collection = await readCollection(data, kind);
    if (collection === null) {
      note(`${kind.name}: left out, the folder does not hold it`);
      continue;
    }
    const ready = await bench.index(collection);
    indexed.push([collection, ready]);
    note(`${kind.name}: measuring`);
    Object.assign(figures, await measureCollection(collection, ready, modes));
    if (kind.measures.includes("multi-hop")) Object.assign(figures, await untitled(bench, collection, modes));
    if (kind.measures.includes("spans")) Object.assign(figures, await chunking(bench, collection, options));
  }
  const judged = indexed.filter(([{ measures }]) => measures.includes("abstention"));
  const missing = notAsked(judged.map(([{ name }]) => name));
  if (judged.length === 0) return figures;
  if (missing.length > 0) {
    note(`abstention: left out, each collection is asked the questions of all others; missing: ${missing.join(", ")}`);
    return figures;
  }
  note("abstention: measuring");
  return { ...figures, ...(await abstention(judged, bench.rag.settings.mode)) };
}

async function untitled(bench: Workbench, collection: Collection, modes: readonly Mode[]): Promise<Figures> {
  const extractor = withoutTitles(await localExtractor());
  const hidden = await bench.index(collection, { name: "titles hidden", extractor });
  const figures = await measureNamed("titles hidden", collection.dataset, hidden, modes.filter(isMix));
  await extractor.close();
  return Object.fromEntries(Object.entries(figures).map(([figure, value]) => [`${collection.name}/${figure}`, value]));
}

function isMix(mode: Mode): boolean {
  return mode === "mix";
}

async function links(bench: Workbench, modes: readonly Mode[]): Promise<Figures> {
  note(`${packageDocs}: measuring`);
  const indexed = await bench.given(packageDocs, await pagesOfPackages());
  const figures = {
    ...(await measureLinked(
      indexed,
      modes.filter((mode) => mode === "hybrid" || isMix(mode)),
    )),
    ...(await measureThemes(packageDocs, indexed)),
  };
  return Object.fromEntries(Object.entries(figures).map(([figure, value]) => [`${packageDocs}/${figure}`, value]));
}

async function abstention(collections: readonly (readonly [Collection, Indexed])[], mode: Mode): Promise<Figures> {
  const figures: Record<string, number> = {};
  const own: number[] = [];
  const foreign: number[] = [];
  for (const topic of topicsOf(collections, mode, { own: 60, foreign: 24 })) {
    const levels = await measureAbstention(topic.indexed, topic.own, topic.foreign, mode);
    figures[`${topic.name}/${mode}/foreign questions abstained`] = levels.foreign.none;
    figures[`${topic.name}/${mode}/own questions kept`] = 1 - levels.own.none;
    own.push(1 - levels.own.none);
    foreign.push(levels.foreign.none);
  }
  return {
    ...figures,
    [`all/${mode}/foreign questions abstained`]: mean(foreign),
    [`all/${mode}/own questions kept`]: mean(own),
  };
}

async function chunking({ rag }: Workbench, { folder, name }: Collection, { quick }: QualityOptions): Promise<Figures> {
  if (rag.embedder === null || quick) return {};
  note(`${name}: chunkers`);
  const { ours, plain } = await measureChunking(await readChunkingSet(folder), rag.embedder);
  return Object.fromEntries(
    (["recall", "precision", "iou"] as const).flatMap((measure) => [
      [`${name}/chunker/${measure}`, ours[measure]],
      [`${name}/chunker/${measure} over plain splitter`, ours[measure] - plain[measure]],
    ]),
  );
}

function compare(figures: Figures, embedder: string, { check, raise }: QualityOptions): number {
  const floors = readFloors(floorsPath);
  const isSame = floors === null || floors.embedder === embedder;
  if (!isSame) {
    note(`The floors belong to ${floors.embedder}, and ${embedder} embeds: nothing is compared.`);
    return check ? 3 : 0;
  }
  const falls = fallenFigures(floors?.figures ?? {}, figures);
  for (const line of coverageLines(floors?.figures ?? {}, figures)) print(line);
  for (const line of fallLines(falls)) print(line);
  if (raise) writeFloors(floorsPath, { embedder, figures: raisedFloors(floors?.figures ?? {}, figures) });
  const checked = Object.keys(floors?.figures ?? {}).some((name) => figures[name] !== undefined);
  return check && (falls.length > 0 || !checked) ? 3 : 0;
}
