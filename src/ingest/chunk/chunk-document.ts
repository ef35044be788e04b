import { createHash } from "node:crypto";
import type { Chunk, Metadata } from "../../records.ts";
import type { LoadedDocument, TextRange } from "../load/loaded-document.ts";
import { boundaries } from "./boundaries.ts";
import { embeddedText } from "./embedded-text.ts";
import { unitsOf, type HeadingMark, type Unit } from "./units.ts";

export interface ChunkerOptions {
  /** Of the embedder; without one, `countWords`. */
  readonly countTokens: (text: string) => number;
  /** Tokens that the embedder reads of one text. */
  readonly embedderMaxTokens: number;
  /** Tokens of content that a chunk should have. */
  readonly targetTokens?: number;
  /**
   * Tokens of content that no chunk has more of, but for a document that is short enough to be one chunk; at most
   * three quarters of the embedder's limit.
   */
  readonly maxTokens?: number;
  /** Tokens of the chunk before that a chunk begins with, in whole sentences of the same section. */
  readonly overlapTokens?: number;
}

/** Everything about the document that its chunks carry. */
export interface ChunkedDocument {
  readonly tenant: string;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly metadata: Metadata;
}

/** A chunk with the text that stands for it in the vector index. */
export interface EmbeddableChunk extends Chunk {
  readonly embedding_text: string;
  readonly embedding_tokens: number;
  /** SHA-256 of `embedding_text`. */
  readonly embedding_hash: string;
}

const version = "4";
/** The best of those tried on `chunking-spans`; see `bench/quality/chunking.ts`. */
const defaults = { targetTokens: 120, maxTokens: 180, overlapTokens: 25 } as const;
/**
 * A document that has no more tokens than this, title included, is one chunk. It is MiniLM's limit, with which the
 * figures were taken; a model that reads a hundred pages at once must not make one passage of them.
 */
const wholeTokens = 256;
const ticksEvery = 16;

/** Names everything that decides where chunks begin and end. */
export function chunkerFingerprint(options: Omit<ChunkerOptions, "countTokens">): string {
  const { targetTokens, maxTokens, overlapTokens } = settle(options);
  return `structure-${version}/${targetTokens}-${maxTokens}-${overlapTokens}@${wholeLimit(options)}`;
}

/** Tokens up to which a document is one chunk. */
const wholeLimit = (options: Omit<ChunkerOptions, "countTokens">): number =>
  Math.min(options.embedderMaxTokens, Math.max(wholeTokens, settle(options).maxTokens));

const wordOrCharacter =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}]{1,12}|\p{N}{1,3}|\S/gu;

/** Tokens when there is no embedder: words and single characters of scripts without blanks, a little too many. */
export function countWords(text: string): number {
  // Tested and not matched: a list of the words would be thrown away at once, for every sentence of a book.
  const pattern = new RegExp(wordOrCharacter);
  let words = 0;
  while (pattern.test(text)) words += 1;
  return words;
}

/**
 * Parts a document into chunks that hold every non-blank character of its text but asides: `text.slice(start, end)` is
 * the content. Chunks end where the structure does, stay on one page and within the budget. Yields between steps of a
 * few milliseconds, so that a driver can share its thread (`timeSlices`).
 */
export function* chunkDocument(
  loaded: Pick<LoadedDocument, "text" | "blocks">,
  document: ChunkedDocument,
  options: ChunkerOptions,
): Generator<void, readonly EmbeddableChunk[]> {
  const { text } = loaded;
  const settled = settle(options);
  const units: Unit[] = [];
  const limits = { countTokens: options.countTokens, maxTokens: settled.maxTokens };
  for (const unit of unitsOf(text, loaded.blocks, limits)) {
    units.push(unit);
    if (units.length % ticksEvery === 0) yield;
  }
  const overheadTokens = Math.max(0, options.countTokens("a") - 1);
  const identify = chunkIds(document);
  if (fitsWhole(text, units, document.title, options)) return [toChunk(text, units, 0, document, options, identify)];
  const starts = yield* boundaries(units, { ...settled, overheadTokens });
  const chunks: EmbeddableChunk[] = [];
  for (const [index, start] of starts.entries()) {
    let first = start;
    for (const members of withinBudget(text, units.slice(start, starts[index + 1]), limits)) {
      const before = overlap(text, units, first, members, { ...limits, overlapTokens: settled.overlapTokens });
      chunks.push(toChunk(text, [...before, ...members], chunks.length, document, options, identify));
      first += members.length;
      yield;
    }
  }
  return chunks;
}

function settle(options: Omit<ChunkerOptions, "countTokens">): {
  targetTokens: number;
  maxTokens: number;
  overlapTokens: number;
} {
  const ceiling = Math.max(1, Math.floor(options.embedderMaxTokens * 0.75));
  const maxTokens = Math.min(options.maxTokens ?? defaults.maxTokens, ceiling);
  return {
    maxTokens,
    targetTokens: Math.min(options.targetTokens ?? defaults.targetTokens, maxTokens),
    overlapTokens: options.overlapTokens ?? defaults.overlapTokens,
  };
}

/** A short document on one page is one chunk: parts of an abstract answer less well. */
function fitsWhole(text: string, units: readonly Unit[], title: string, options: ChunkerOptions): boolean {
  const [first] = units;
  const limit = wholeLimit(options);
  if (!first || units.length > limit) return false;
  if (units.some((unit) => unit.page !== first.page)) return false;
  return options.countTokens(`${title}. ${sliceOf(text, units)}`) <= limit;
}

type Limits = { readonly countTokens: (text: string) => number; readonly maxTokens: number };

/** The sum of the units' tokens is an estimate; where the whole has more, it is halved. */
function* withinBudget(text: string, units: readonly Unit[], limits: Limits): Generator<readonly Unit[]> {
  if (units.length < 2 || limits.countTokens(sliceOf(text, units)) <= limits.maxTokens) {
    if (units.length > 0) yield units;
    return;
  }
  const middle = units.length >> 1;
  yield* withinBudget(text, units.slice(0, middle), limits);
  yield* withinBudget(text, units.slice(middle), limits);
}

/** Units before the chunk, from the same section and page, that fit into the overlap and into the budget. */
function overlap(
  text: string,
  units: readonly Unit[],
  start: number,
  members: readonly Unit[],
  limits: Limits & { readonly overlapTokens: number },
): readonly Unit[] {
  const first = members[0];
  if (!first || limits.overlapTokens === 0) return [];
  const before: Unit[] = [];
  let tokens = 0;
  for (let at = start - 1; at >= 0; at -= 1) {
    const unit = units[at];
    if (!unit || unit.page !== first.page || unit.path !== first.path || first.kind === "heading") break;
    tokens += unit.tokens;
    const whole = sliceOf(text, [unit, ...before, ...members]);
    if (tokens > limits.overlapTokens || limits.countTokens(whole) > limits.maxTokens) break;
    before.unshift(unit);
  }
  return before;
}

const rangeOf = (units: readonly Unit[]): TextRange => ({ start: units[0]?.start ?? 0, end: units.at(-1)?.end ?? 0 });

const sliceOf = (text: string, units: readonly Unit[]): string => {
  const { start, end } = rangeOf(units);
  return text.slice(start, end);
};

function toChunk(
  text: string,
  units: readonly Unit[],
  ordinal: number,
  document: ChunkedDocument,
  options: ChunkerOptions,
  identify: (embeddingText: string) => string,
): EmbeddableChunk {
  const { start, end } = rangeOf(units);
  const content = text.slice(start, end);
  const path = commonPath(units, document.title);
  const header = units[0]?.tableHeader;
  const above = path.filter((mark) => mark.start < start).map((mark) => mark.label);
  const context = { title: document.title, headings: header ? [...above, header] : above };
  const embedded = embeddedText(context, content, {
    countTokens: options.countTokens,
    maxTokens: options.embedderMaxTokens,
  });
  return {
    chunk_id: identify(embedded.text),
    document_id: document.document_id,
    ordinal,
    title: document.title,
    source: document.source,
    content,
    span: { start, end, page: units[0]?.page ?? null },
    heading_path: header ? [...path.map((mark) => mark.label), header] : path.map((mark) => mark.label),
    token_count: options.countTokens(content),
    metadata: document.metadata,
    embedding_text: embedded.text,
    embedding_tokens: embedded.tokens,
    embedding_hash: sha256(embedded.text),
  };
}

/** The headings that all of the chunk stands under, below the title; those that begin the chunk count as above it. */
function commonPath(units: readonly Unit[], title: string): readonly HeadingMark[] {
  const body = units.filter((unit) => unit.kind !== "heading");
  const members = body.length > 0 ? body : units;
  const [first] = members;
  const common = (first?.path ?? []).filter((mark, depth) => members.every((unit) => unit.path[depth] === mark));
  return common[0]?.label === title ? common.slice(1) : common;
}

/** See `docs/decisions/0003-chunk-ids.md`. */
function chunkIds(document: ChunkedDocument): (embeddingText: string) => string {
  const seen = new Map<string, number>();
  return (embeddingText) => {
    const occurrence = seen.get(embeddingText) ?? 0;
    seen.set(embeddingText, occurrence + 1);
    return sha256(JSON.stringify([document.tenant, document.document_id, embeddingText, occurrence])).slice(0, 32);
  };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
