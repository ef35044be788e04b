import { cp, rm } from "node:fs/promises";
import { percentile } from "../../evaluate/measures.ts";
import { localExtractor } from "../../providers/local/index.ts";
import { openEmbeddedStore } from "../../stores/embedded/index.ts";
import { buildGraphSegment } from "../../stores/embedded/graph/build-graph-segment.ts";
import { asTitle, inBody } from "../../stores/embedded/graph/graph-segment.ts";
import { corpusOf, type Corpus, type Question } from "./corpus.ts";
import { watchLoop } from "./loop-watch.ts";
import { openOwn, ownWithNames, scope } from "./own.ts";
import { builtIndex, folderOf, openCandidate } from "./run-candidate.ts";

/** What the graph takes. Times of a stage are wall times; all else is processor time, of every thread. */
export interface GraphFigures {
  readonly size: number;
  /** Chunks that the rules read in a second of a processor; null without judged collections. */
  readonly extracted_per_cpu_second: number | null;
  readonly build_cpu_ms: number;
  readonly bytes_per_chunk: number;
  /** Passages with titles and names, written whole into the store in a second of a processor. */
  readonly stored_per_cpu_second: number;
  /** Of the process, after searches in mode mix. */
  readonly rss_mb: number;
  /** Following links, within a search in mode mix. */
  readonly stage_p50_ms: number;
  readonly stage_p95_ms: number;
  /** A search in mode mix less the same in mode hybrid right before it; of processor time on average. */
  readonly added_p50_ms: number;
  readonly added_p95_ms: number;
  readonly added_cpu_ms: number;
  /** Finding the communities of everything and describing ten of them; the longest turn is of the main thread. */
  readonly communities_cpu_ms: number;
  readonly communities_longest_turn_ms: number;
  /** Asked again while nothing has changed. */
  readonly communities_again_p50_ms: number;
  /** A document of five chunks, durable and out of every answer. */
  readonly delete_p50_ms: number;
}

const deleted = 50;
const warmUp = 20;
const repeated = 20;

export async function measureGraph(
  size: number,
  queries: number,
  texts: readonly string[] | null,
): Promise<GraphFigures> {
  const built = await builtIndex(ownWithNames.name, size, false);
  const folder = folderOf(ownWithNames.name, size);
  return {
    size,
    extracted_per_cpu_second: texts === null ? null : await extractionRate(texts),
    ...adjacency(corpusOf(size)),
    stored_per_cpu_second: size / (built.cpu_seconds - built.corpus_cpu_seconds),
    rss_mb: await memoryOf(size, queries),
    ...(await stage(folder, corpusOf(size), queries)),
    ...(await communityCost(folder, corpusOf(size))),
    delete_p50_ms: await deleteTime(folder, size),
  };
}

async function extractionRate(texts: readonly string[]): Promise<number> {
  const extractor = await localExtractor();
  const passages = texts.map((content, at) => ({
    chunk_id: `${at}`,
    title: `Title ${at}`,
    heading_path: [],
    content,
    start: 0,
    links: [],
  }));
  await extractor.extract(passages.slice(0, 50));
  const milliseconds = await cpuOf(() => extractor.extract(passages));
  await extractor.close();
  return (1000 * passages.length) / milliseconds;
}

function adjacency(corpus: Corpus) {
  const passages = Array.from({ length: corpus.size }, (_none, slot) => {
    const { id, document, content } = corpus.passage(slot);
    const title = corpus.titleOf(document);
    const body = corpus.namesIn(content);
    const names = [
      { entity: title, flags: body.includes(title) ? asTitle | inBody : asTitle },
      ...body.filter((entity) => entity !== title).map((entity) => ({ entity, flags: inBody })),
    ];
    return { slot, chunkId: id, names };
  });
  const before = process.cpuUsage();
  const segment = buildGraphSegment(passages);
  const { user, system } = process.cpuUsage(before);
  return { build_cpu_ms: (user + system) / 1000, bytes_per_chunk: segment.bytes.length / corpus.size };
}

async function memoryOf(size: number, queries: number): Promise<number> {
  const running = await openCandidate(ownWithNames.name, size);
  const { rss_mb } = await running.block("mix", "all", 0, queries);
  await running.close();
  return rss_mb;
}

async function stage(folder: string, corpus: Corpus, queries: number) {
  const rag = await openOwn(folder);
  const run = async (question: Question, mode: "hybrid" | "mix") => {
    rag.given(question);
    const started = performance.now();
    const { timings_ms } = await rag.search(scope, { query: question.text, mode, top_k: 10 });
    return { total: performance.now() - started, graph: timings_ms.graph ?? 0 };
  };
  const [stages, added]: [number[], number[]] = [[], []];
  let addedCpu = 0;
  for (let index = 0; index < queries + warmUp; index++) {
    const question = openQuestion(corpus, index);
    const hybrid = await costOf(() => run(question, "hybrid"));
    const mix = await costOf(() => run(question, "mix"));
    if (index < warmUp) continue;
    stages.push(mix.value.graph);
    added.push(mix.value.total - hybrid.value.total);
    addedCpu += mix.cpu - hybrid.cpu;
  }
  await rag.close();
  return {
    stage_p50_ms: percentile(0.5, stages),
    stage_p95_ms: percentile(0.95, stages),
    added_p50_ms: percentile(0.5, added),
    added_p95_ms: percentile(0.95, added),
    added_cpu_ms: addedCpu / queries,
  };
}

async function communityCost(folder: string, corpus: Corpus) {
  const rag = await openOwn(folder);
  const question = openQuestion(corpus, 0);
  rag.given(question);
  // Opening the index is no part of it.
  await rag.search(scope, { query: question.text, mode: "mix" });
  const watched = watchLoop();
  const communities_cpu_ms = await cpuOf(() => rag.themes(scope));
  const { longest_turn_ms } = watched();
  const times: number[] = [];
  for (let turn = 0; turn < repeated; turn++) {
    const begun = performance.now();
    await rag.themes(scope);
    times.push(performance.now() - begun);
  }
  await rag.close();
  return {
    communities_cpu_ms,
    communities_longest_turn_ms: longest_turn_ms,
    communities_again_p50_ms: percentile(0.5, times),
  };
}

/** Words of two passages, so that none covers the question and links are followed to the end. */
export function openQuestion(corpus: Corpus, index: number): Question {
  const [first, second] = [corpus.question(2 * index), corpus.question(2 * index + 1)];
  return { ...first, text: `${first.text} ${second.text}` };
}

/** In a copy, since the index is kept. */
async function deleteTime(folder: string, size: number): Promise<number> {
  const copy = `${folder}-copy`;
  await rm(copy, { recursive: true, force: true });
  await cp(folder, copy, { recursive: true });
  const store = await openEmbeddedStore({ directory: copy });
  const times: number[] = [];
  for (let at = 0; at < deleted; at++) {
    const begun = performance.now();
    await store.documents.delete(scope, `d${Math.floor((at * size) / 5 / deleted)}`);
    times.push(performance.now() - begun);
  }
  await store.close();
  await rm(copy, { recursive: true, force: true });
  return percentile(0.5, times);
}

const cpuOf = async (work: () => Promise<unknown>): Promise<number> => (await costOf(work)).cpu;

/** What comes of it, and the processor time of all threads in milliseconds. */
async function costOf<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly cpu: number }> {
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  return { value, cpu: (user + system) / 1000 };
}

const fixed = (value: number | null, digits = 1): string => (value === null ? "–" : value.toFixed(digits));

export const graphLines = (figures: GraphFigures): readonly string[] => [
  `graph of ${figures.size.toLocaleString("en")} passages: ${fixed(figures.bytes_per_chunk, 0)} bytes a passage, built in ${fixed(figures.build_cpu_ms, 0)} ms of CPU; ` +
    `the rules read ${fixed(figures.extracted_per_cpu_second, 0)} passages in a second of CPU`,
  `${fixed(figures.stored_per_cpu_second, 0)} passages are stored in a second of CPU, a document of five is deleted in ${fixed(figures.delete_p50_ms)} ms; ` +
    `${fixed(figures.rss_mb, 0)} MB of memory when searched`,
  `following links: p50 ${fixed(figures.stage_p50_ms)} ms, p95 ${fixed(figures.stage_p95_ms)} ms; ` +
    `a search takes longer by p50 ${fixed(figures.added_p50_ms)} ms, p95 ${fixed(figures.added_p95_ms)} ms, by ${fixed(figures.added_cpu_ms)} ms of CPU`,
  `communities of all of them: ${fixed(figures.communities_cpu_ms, 0)} ms of CPU, of the main thread ${fixed(figures.communities_longest_turn_ms)} ms at a time; ` +
    `again p50 ${fixed(figures.communities_again_p50_ms)} ms`,
];
