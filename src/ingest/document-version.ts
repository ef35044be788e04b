import type { Embedder } from "../ports/embedder.ts";
import type { Extractor } from "../ports/extractor.ts";
import type { DocumentVersion } from "../ports/store.ts";
import type { DocumentGraph, Metadata, NewChunk, PassageLink } from "../records.ts";
import { addressOfFile, addressOfLink, anchorsOfDocument } from "./addresses.ts";
import { citationsIn } from "./citations.ts";
import { chunkDocument, countWords, type ChunkerOptions, type EmbeddableChunk } from "./chunk/chunk-document.ts";
import type { EmbedQueue, MeasuredText } from "./embed-queue.ts";
import type { LoadPool } from "./load/load-pool.ts";
import { textDocument } from "./load/load-text.ts";
import type { LoadedDocument, LoadedLink } from "./load/loaded-document.ts";
import { noText } from "./load/refusal.ts";
import type { Item, ItemContent } from "./sources.ts";
import type { RunInSlices } from "../pace/time-slices.ts";

/** Texts shorter than this are parted into blocks in this thread: a worker would cost more. */
const inlineCharacters = 20_000;
/** Tokens of a chunk's frame when there is no embedder. */
const lexicalMaxTokens = 256;

export interface VersionContext {
  readonly tenant: string;
  readonly pool: LoadPool;
  readonly embedder: Embedder | null;
  readonly queue: EmbedQueue | null;
  readonly extractor: Extractor | null;
  readonly chunker: Pick<ChunkerOptions, "targetTokens" | "maxTokens" | "overlapTokens">;
  readonly inSlices: RunInSlices;
  readonly signal: AbortSignal;
}

/** A document read and cut into chunks. */
export interface ChunkedItem {
  readonly title: string;
  readonly mime: string;
  readonly metadata: Metadata;
  readonly text: string;
  readonly links: readonly LoadedLink[];
  readonly chunks: readonly EmbeddableChunk[];
}

/** @throws HybridRAGError `no_text` and the other refusals of the readers. */
export async function loadItem(item: Item, content: ItemContent, context: VersionContext): Promise<LoadedDocument> {
  if (content.bytes) {
    const named = { name: content.name ?? item.name, mime: item.mime ?? content.mime ?? null };
    return context.pool.load(requestOf(named, content.bytes), { signal: context.signal });
  }
  // A document may be nothing but its title (abstracts, tickets): then the title is its text.
  const text = content.text?.trim() ? content.text : (item.title ?? "");
  if (!text.trim()) throw noText(item.name, "it holds nothing but white space");
  const plain = item.mime === null || item.mime.startsWith("text/plain");
  if (plain && text.length <= inlineCharacters) return context.inSlices(inlineText(text), context.signal);
  const request = requestOf({ name: plain ? "text.txt" : "text", mime: item.mime }, new TextEncoder().encode(text));
  return { ...(await context.pool.load(request, { signal: context.signal })) };
}

function* inlineText(text: string): Generator<void, LoadedDocument> {
  yield;
  return textDocument(text, "text/plain");
}

const requestOf = (item: Pick<Item, "name" | "mime">, bytes: Uint8Array) => ({
  bytes,
  name: item.name,
  ...(item.mime ? { mime: item.mime } : {}),
});

export async function chunkItem(item: Item, loaded: LoadedDocument, context: VersionContext): Promise<ChunkedItem> {
  const title = item.title ?? loaded.title ?? titleOfName(item.name);
  const metadata = { ...loaded.metadata, ...item.metadata, source: item.source };
  const described = { tenant: context.tenant, document_id: item.document_id, title, source: item.source, metadata };
  const steps = chunkDocument(loaded, described, chunkerOptions(context.embedder, context.chunker));
  const chunks = await context.inSlices(steps, context.signal);
  if (chunks.length === 0) throw noText(item.name, "it holds nothing but white space or front matter");
  return {
    title,
    mime: item.mime ?? loaded.mime,
    metadata,
    text: loaded.text,
    links: [
      ...loaded.links,
      ...citationsIn({
        ...loaded,
        source: item.source,
        metadata,
        span: { start: chunks[0]!.span.start, end: chunks.at(-1)!.span.end },
      }),
    ].toSorted((a, b) => a.start - b.start),
    chunks,
  };
}

/**
 * Characters that one token stands for at most. A tokenizer makes one unknown token of a run of letters that it does not
 * know, however long: Thai without its vocabulary, keys, dumps. Passages must stay small there as well.
 */
const longestToken = 16;

/** Characters but blanks: indentation costs a tokenizer nothing. */
function inkOf(text: string): number {
  let ink = 0;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 32) ink += 1;
  return ink;
}

export const chunkerOptions = (embedder: Embedder | null, chunker: VersionContext["chunker"]): ChunkerOptions => ({
  ...chunker,
  countTokens: embedder
    ? (text) => Math.max(embedder.countTokens(text), Math.ceil(inkOf(text) / longestToken))
    : countWords,
  embedderMaxTokens: embedder?.maxTokens ?? lexicalMaxTokens,
});

/** Embeds what is new and extracts names and links, both at once. */
export async function completeVersion(
  item: Item,
  chunked: ChunkedItem,
  known: ReadonlyMap<string, Float32Array>,
  contentHash: string,
  context: VersionContext,
): Promise<{ readonly version: DocumentVersion; readonly unreadPassages: number }> {
  const [chunks, extracted] = await Promise.all([
    withVectors(chunked.chunks, known, context.queue),
    extractGraph(item, chunked, context),
  ]);
  const { title, mime, metadata, text } = chunked;
  const { document_id, source } = item;
  const document = { document_id, title, source, mime, content_hash: contentHash, metadata };
  return { version: { document, text, chunks, graph: extracted.graph }, unreadPassages: extracted.failed };
}

async function withVectors(
  chunks: readonly EmbeddableChunk[],
  known: ReadonlyMap<string, Float32Array>,
  queue: EmbedQueue | null,
): Promise<readonly NewChunk[]> {
  if (!queue) return chunks.map((chunk) => toNewChunk(chunk, null));
  const fresh = new Map<string, MeasuredText>();
  for (const chunk of chunks) {
    const text = { text: chunk.embedding_text, tokens: chunk.embedding_tokens };
    if (!known.has(chunk.embedding_hash)) fresh.set(chunk.embedding_hash, text);
  }
  if (queue.readsTogether && fresh.size > 0) {
    const vectors = await queue.embedTogether(chunks.map((chunk) => chunk.embedding_text));
    return chunks.map((chunk, index) => toNewChunk(chunk, vectors[index] ?? null));
  }
  const vectors = await queue.embed([...fresh.values()]);
  const made = new Map([...fresh.keys()].map((hash, index) => [hash, vectors[index]] as const));
  return chunks.map((chunk) =>
    toNewChunk(chunk, known.get(chunk.embedding_hash) ?? made.get(chunk.embedding_hash) ?? null),
  );
}

function toNewChunk(chunk: EmbeddableChunk, vector: Float32Array | null): NewChunk {
  const { chunk_id, document_id, ordinal, title, source, content, span, heading_path, token_count } = chunk;
  const { metadata, embedding_hash } = chunk;
  const stored = { chunk_id, document_id, ordinal, title, source, content, span, heading_path, token_count };
  return { ...stored, metadata, embedding_hash, vector };
}

async function extractGraph(
  item: Item,
  chunked: ChunkedItem,
  { extractor, signal }: VersionContext,
): Promise<{ readonly graph: DocumentGraph; readonly failed: number }> {
  if (!extractor) return { graph: { mentions: [], links: [], assertions: [] }, failed: 0 };
  const { source } = item;
  const passages = chunked.chunks.map((chunk) => ({
    chunk_id: chunk.chunk_id,
    title: chunk.title,
    heading_path: chunk.heading_path,
    content: chunk.content,
    start: chunk.span.start,
    links: linksWithin(chunk, chunked.links, source),
  }));
  const result = await extractor.extract(passages, { signal });
  const graph = {
    mentions: result.passages.flatMap((passage) => passage.mentions),
    links: [
      ...(chunked.chunks[0] ? anchorsOfDocument({ source, title: chunked.title }, chunked.chunks[0]) : []),
      ...result.passages.flatMap((passage) => passage.links.map((link) => placed(link, source))),
    ],
    assertions: result.passages.flatMap((passage) => passage.assertions),
  };
  return { graph, failed: result.failed };
}

const placed = (link: PassageLink, source: string): PassageLink =>
  link.kind === "file" ? { ...link, target: addressOfFile(link.target, source) } : link;

/** The links that begin in the chunk; `links` are in the order of the text. */
function linksWithin(
  { chunk_id, span }: EmbeddableChunk,
  links: readonly LoadedLink[],
  source: string,
): readonly PassageLink[] {
  const within: PassageLink[] = [];
  for (let at = firstFrom(links, span.start); at < links.length; at += 1) {
    const link = links[at];
    if (!link || link.start >= span.end) break;
    const target = addressOfLink(link, source);
    const end = Math.min(link.end, span.end);
    if (target) within.push({ chunk_id, kind: link.kind, target, start: link.start, end });
  }
  return within;
}

/** Index of the first link that starts at or behind an offset. */
function firstFrom(links: readonly LoadedLink[], offset: number): number {
  let [low, high] = [0, links.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((links[middle]?.start ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

const titleOfName = (name: string): string => name.replace(/\.[^.]{1,10}$/u, "") || name;
