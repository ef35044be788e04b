import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { z } from "zod";
import { chunkDocument, type ChunkerOptions } from "../../ingest/chunk/chunk-document.ts";
import { textDocument } from "../../ingest/load/load-text.ts";
import type { TextRange } from "../../ingest/load/loaded-document.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { recursiveSplit } from "./recursive-splitter.ts";

/** Means over the questions, of the characters of the best chunks and of the spans that answer. */
export interface ChunkingFigures {
  readonly chunker: string;
  readonly chunks: number;
  readonly mean_tokens: number;
  /** Share of the spans' characters that lie in the best chunks. */
  readonly recall: number;
  /** Share of the best chunks' characters that lie in the spans. */
  readonly precision: number;
  /** Characters in both to characters in either. */
  readonly iou: number;
}

export interface ChunkingSet {
  readonly documents: readonly { readonly _id: string; readonly text: string }[];
  readonly questions: readonly {
    readonly text: string;
    readonly document: string;
    readonly spans: readonly TextRange[];
  }[];
}

/** A passage as a chunker made it, with the text that is embedded for it. */
interface Passage extends TextRange {
  readonly document: string;
  readonly embedded: string;
}

type Chunker = (document: { readonly _id: string; readonly text: string }) => readonly Passage[];

const topChunks = 5;
const plainTokens = 200;

const documentLine = z.object({ _id: z.string(), text: z.string() });
const questionLine = z.object({
  text: z.string(),
  document: z.string(),
  spans: z.array(z.object({ start: z.number(), end: z.number() })),
});

/** Reads `documents.jsonl.gz` and `questions.jsonl.gz` of the folder `chunking-spans`. */
export async function readChunkingSet(folder: string): Promise<ChunkingSet> {
  return {
    documents: await readLines(join(folder, "documents.jsonl.gz"), documentLine),
    questions: await readLines(join(folder, "questions.jsonl.gz"), questionLine),
  };
}

/**
 * Retrieves the five best passages of all texts for every question, by the embedder's cosine, once over our chunks
 * and once over those of a plain recursive splitter with 200 tokens. Ours is better when recall and IoU both rise.
 */
export async function measureChunking(
  set: ChunkingSet,
  embedder: Embedder,
  options: Omit<ChunkerOptions, "countTokens" | "embedderMaxTokens"> = {},
): Promise<{ readonly ours: ChunkingFigures; readonly plain: ChunkingFigures }> {
  const questions = await embedAll(
    embedder,
    set.questions.map((question) => question.text),
    "query",
  );
  return {
    ours: await measure("structure", structureChunker(embedder, options), set, embedder, questions),
    plain: await measure(`recursive ${plainTokens}`, plainChunker(embedder), set, embedder, questions),
  };
}

const structureChunker =
  (embedder: Embedder, options: Omit<ChunkerOptions, "countTokens" | "embedderMaxTokens">): Chunker =>
  ({ _id, text }) => {
    const described = { tenant: "bench", document_id: _id, title: "", source: _id, metadata: {} };
    const steps = chunkDocument(textDocument(text, "text/plain"), described, {
      ...options,
      countTokens: (part) => embedder.countTokens(part),
      embedderMaxTokens: embedder.maxTokens,
    });
    return drain(steps).map(({ span, embedding_text }) => ({
      document: _id,
      start: span.start,
      end: span.end,
      embedded: embedding_text,
    }));
  };

const plainChunker =
  (embedder: Embedder): Chunker =>
  ({ _id, text }) =>
    recursiveSplit(text, { maxTokens: plainTokens, countTokens: (part) => embedder.countTokens(part) }).map(
      (range) => ({
        ...range,
        document: _id,
        embedded: text.slice(range.start, range.end),
      }),
    );

async function measure(
  chunker: string,
  chunk: Chunker,
  set: ChunkingSet,
  embedder: Embedder,
  questions: readonly Float32Array[],
): Promise<ChunkingFigures> {
  const passages = set.documents.flatMap(chunk);
  const vectors = await embedAll(
    embedder,
    passages.map((passage) => passage.embedded),
    "document",
  );
  const figures = set.questions.map((question, index) => {
    const best = nearest(questions[index] ?? new Float32Array(), vectors).flatMap((at) => passages[at] ?? []);
    const found = best.filter((passage) => passage.document === question.document);
    const elsewhere = best.filter((passage) => passage.document !== question.document);
    return overlapFigures(found, total(elsewhere), question.spans);
  });
  const tokens = passages.reduce((sum, passage) => sum + embedder.countTokens(passage.embedded), 0);
  return {
    chunker,
    chunks: passages.length,
    mean_tokens: tokens / passages.length,
    recall: mean(figures.map((figure) => figure.recall)),
    precision: mean(figures.map((figure) => figure.precision)),
    iou: mean(figures.map((figure) => figure.iou)),
  };
}

/** Characters are counted once, however many passages or spans they lie in. */
function overlapFigures(
  found: readonly TextRange[],
  elsewhere: number,
  spans: readonly TextRange[],
): { readonly recall: number; readonly precision: number; readonly iou: number } {
  const [retrieved, wanted] = [merged(found), merged(spans)];
  const both = retrieved.reduce(
    (sum, a) =>
      sum + wanted.reduce((part, b) => part + Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start)), 0),
    0,
  );
  const [retrievedTotal, wantedTotal] = [total(retrieved) + elsewhere, total(wanted)];
  return {
    recall: both / wantedTotal,
    precision: retrievedTotal === 0 ? 0 : both / retrievedTotal,
    iou: both / (retrievedTotal + wantedTotal - both),
  };
}

function merged(ranges: readonly TextRange[]): readonly TextRange[] {
  const result: TextRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const before = result.at(-1);
    if (before && range.start <= before.end) {
      result.splice(-1, 1, { start: before.start, end: Math.max(before.end, range.end) });
    } else result.push(range);
  }
  return result;
}

const total = (ranges: readonly TextRange[]): number => ranges.reduce((sum, { start, end }) => sum + end - start, 0);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function nearest(question: Float32Array, vectors: readonly Float32Array[]): readonly number[] {
  const scored = vectors.map((vector, index) => ({ index, cosine: dot(question, vector) }));
  return scored
    .toSorted((a, b) => b.cosine - a.cosine)
    .slice(0, topChunks)
    .map(({ index }) => index);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

async function embedAll(
  embedder: Embedder,
  texts: readonly string[],
  kind: "query" | "document",
): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += embedder.limits.items) {
    vectors.push(...(await embedder.embed(texts.slice(at, at + embedder.limits.items), { kind })).vectors);
  }
  return vectors;
}

function drain<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

async function readLines<T>(path: string, schema: z.ZodType<T>): Promise<readonly T[]> {
  const text = (await promisify(gunzip)(await readFile(path))).toString("utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => schema.parse(JSON.parse(line)));
}
