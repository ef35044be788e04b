import { messageOf } from "../errors.ts";
import { allOf, type Filter } from "../filter/filter.ts";
import { matches } from "../filter/matches.ts";
import { isOverviewQuestion } from "../graph/overview-question.ts";
import type { ChunkName, ChunkStore } from "../ports/chunk-store.ts";
import type { Chunk, Warning } from "../records.ts";
import type { Scope } from "../scope.ts";
import { yearIn } from "./document-date.ts";
import { documentOf, firstPages, wholeOf } from "./document-of.ts";
import { documentLifted } from "./document-prior.ts";
import { scaleOf, unlistedHit } from "./fuse.ts";
import { type FusedLegs, fusionOf } from "./fuse-legs.ts";
import type { FusedHit } from "./fusion.ts";
import { foldText, holdsWord } from "./holds-word.ts";
import { nameParts } from "./name-parts.ts";
import { type KnownDocument, type Naming, namedDocuments } from "./named-documents.ts";
import { asksForNumbers } from "./number-density.ts";
import type { QueryPlan } from "./plan.ts";
import { isRead } from "./read-hits.ts";
import { chunkSearch, type Retrieved, searchFor } from "./retrieve.ts";

export interface ToldDocuments {
  readonly hits: readonly FusedHit<ChunkName>[];
  readonly warnings: readonly Warning[];
}

/** Passages that are read to learn which words belong to which document. */
const mostRead = 200;
/** Beginning of a document, in chunks and in characters of each of its first pages. */
const openingChunks = 3;
const openingCharacters = 1500;
/** Where documents are only mixed, one must be named this far, by a year among others. */
const surelyNamed = 0.7;
/** Documents named this near to the best are searched by themselves, unless they are more than so many. */
const nearlyBest = 0.6;
const mostSearched = 12;

/**
 * Where the passages found lie in documents that are alike: reads how those begin, finds out which of them the question
 * names, searches once more in these alone, and lifts the passages. Everything is read within scope and filter. What
 * fails is a warning, and the order stays.
 */
export async function tellDocuments(
  chunks: ChunkStore,
  scope: Scope,
  plan: QueryPlan,
  retrieved: Retrieved,
  { hits, resemblance }: FusedLegs,
  signal: AbortSignal,
): Promise<ToldDocuments> {
  if (plan.documents === null || resemblance === null) return { hits, warnings: [] };
  // Who asks what everything is about means no document.
  if (isOverviewQuestion(plan.query)) return { hits, warnings: [] };
  if (resemblance === "mixture" && !saysYear(nameParts(plan.query))) return { hits, warnings: [] };
  try {
    const { documents, passages, openings } = await readDocuments(chunks, scope, plan, hits, signal);
    const naming = namedDocuments(plan.query, documents);
    if (resemblance === "mixture" && !isNamedForSure(naming)) return { hits, warnings: [] };
    const further = await searchNamed(chunks, scope, plan, retrieved, { hits, naming }, signal);
    const forNumbers = asksForNumbers(plan.query);
    const read = forNumbers ? await readPassages(chunks, scope, plan.filter, further, signal) : [];
    const contents = new Map([...passages, ...read].map(({ chunk_id, content }) => [chunk_id, content]));
    const contentOf = ({ candidate }: FusedHit<ChunkName>) => contents.get(candidate.chunk.chunk_id) ?? "";
    const asked = { resemblance, naming, forNumbers, covers: coversOf(openings, naming), contentOf };
    return { hits: documentLifted([...hits, ...further], plan.documents, asked), warnings: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    const message = `Which of the documents is meant could not be told: ${messageOf(error)}`;
    return { hits, warnings: [{ code: "documents_not_told", message }] };
  }
}

const saysYear = (words: readonly string[]): boolean => words.some((word) => yearIn(word) !== null);

const isNamedForSure = (naming: ReadonlyMap<string, Naming>): boolean =>
  [...naming.values()].some(({ share, words }) => share >= surelyNamed && saysYear(words));

interface ReadDocuments {
  readonly documents: readonly KnownDocument[];
  /** Those of the best hits. */
  readonly passages: readonly Chunk[];
  /** How each document begins. */
  readonly openings: ReadonlyMap<string, readonly Chunk[]>;
}

/** Beginnings that have at least half of the words by which the question names their document. */
function coversOf(
  openings: ReadonlyMap<string, readonly Chunk[]>,
  naming: ReadonlyMap<string, Naming>,
): ReadonlySet<string> {
  const covers = [...openings].flatMap(([document, chunks]) => {
    const words = (naming.get(document)?.words ?? []).flatMap((run) => run.split(" "));
    const first = chunks.filter(({ ordinal }) => ordinal === 0);
    return first.filter(({ content }) => {
      const text = foldText(content);
      return words.length > 0 && 2 * words.filter((word) => holdsWord(text, word)).length >= words.length;
    });
  });
  return new Set(covers.map(({ chunk_id }) => chunk_id));
}

async function readDocuments(
  chunks: ChunkStore,
  scope: Scope,
  { filter }: QueryPlan,
  hits: readonly FusedHit<ChunkName>[],
  signal: AbortSignal,
): Promise<ReadDocuments> {
  const pages = Map.groupBy(new Set(hits.map(({ candidate }) => candidate.chunk.document_id)), wholeOf);
  const first = [...pages].flatMap(([document, ids]) => firstPages(document, ids));
  const [opening, passages] = await Promise.all([
    chunks.openings(scope, first, openingChunks, { signal }),
    readPassages(chunks, scope, filter, hits.slice(0, mostRead), signal),
  ]);
  const openings = Map.groupBy(opening.filter(allowedBy(filter)), ({ document_id }) => wholeOf(document_id));
  const found = Map.groupBy(passages, ({ document_id }) => wholeOf(document_id));
  return {
    documents: [...pages.keys()].map((id) => knownDocument(id, openings.get(id) ?? [], found.get(id) ?? [])),
    passages,
    openings,
  };
}

async function readPassages(
  chunks: ChunkStore,
  scope: Scope,
  filter: Filter | null,
  hits: readonly FusedHit<ChunkName>[],
  signal: AbortSignal,
): Promise<readonly Chunk[]> {
  const unread = hits.filter((hit) => !isRead(hit)).map(({ candidate }) => candidate.chunk.chunk_id);
  const read = unread.length === 0 ? [] : await chunks.get(scope, unread, { signal });
  return [...hits.filter(isRead).map(({ candidate }) => candidate.chunk), ...read.filter(allowedBy(filter))];
}

/** What a search that names its filter has not chosen. */
const allowedBy =
  (filter: Filter | null) =>
  (chunk: Chunk): boolean =>
    filter === null || matches(filter, chunk);

function knownDocument(id: string, opening: readonly Chunk[], passages: readonly Chunk[]): KnownDocument {
  const byPage = [...Map.groupBy(opening, ({ document_id }) => document_id).values()];
  const cover = byPage.map((page) => contentOf(page).slice(0, openingCharacters)).join("\n");
  const names = opening.flatMap(({ title, source }) => [title, wholeOf(source)]);
  return {
    id,
    names: [...new Set([id, ...names])].filter((name) => name !== ""),
    cover,
    passages: passages.map(({ title, content }) => `${title}\n${content}`),
  };
}

const contentOf = (chunks: readonly Chunk[]): string => chunks.map(({ content }) => content).join("\n");

/** Passages of the documents that are meant, as far as the first search did not find them, scored as that scored. */
async function searchNamed(
  chunks: ChunkStore,
  scope: Scope,
  plan: QueryPlan,
  { found, vector }: Retrieved,
  { hits, naming }: { readonly hits: readonly FusedHit<ChunkName>[]; readonly naming: ReadonlyMap<string, Naming> },
  signal: AbortSignal,
): Promise<readonly FusedHit<ChunkName>[]> {
  const best = Math.max(...[...naming.values()].map(({ share }) => share));
  const meant = [...naming].filter(([, { share }]) => share > 0 && share >= nearlyBest * best).map(([id]) => id);
  if (meant.length === 0 || meant.length > mostSearched || meant.length === naming.size) return [];
  const request = chunkSearch(plan.mmr === null ? { ...plan, support: null, documents: null } : plan, vector);
  const inside = { ...request, filter: allOf(request.filter, within(meant, hits)) };
  const further = await searchFor(chunks, plan)(scope, inside, { signal });
  const known = new Set(hits.map(({ candidate }) => candidate.chunk.chunk_id));
  const scale = scaleOf(found, fusionOf(plan));
  return further.candidates
    .filter(({ chunk }) => !known.has(chunk.chunk_id))
    .map((candidate) => unlistedHit(scale, { ...candidate, vectorRank: null, textRank: null }));
}

/** Documents, or all pages that were given as documents of their own: "#" is followed by "$". */
function within(documents: readonly string[], hits: readonly FusedHit<ChunkName>[]): Filter {
  const field = "document_id";
  const whole = new Set(hits.filter((hit) => documentOf(hit) === hit.candidate.chunk.document_id).map(documentOf));
  const ranges = documents
    .filter((id) => !whole.has(id))
    .map((id): Filter => ({
      op: "and",
      filters: [
        { op: "gte", field, value: `${id}#` },
        { op: "lt", field, value: `${id}$` },
      ],
    }));
  const values = documents.filter((id) => whole.has(id));
  const filters: readonly Filter[] = [
    ...(values.length === 0 ? [] : [{ op: "in" as const, field, values }]),
    ...ranges,
  ];
  return filters.length === 1 ? filters[0]! : { op: "or", filters };
}
