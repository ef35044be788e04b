import { Binary } from "mongodb";
import { dotProduct } from "../../ports/dot-product.ts";
import type { Assertion, Chunk, Mention, Metadata, NewChunk, PassageLink, Span } from "../../records.ts";
import type { DocumentGraph } from "../../records.ts";
import type { Analyzer } from "../../text/analyze.ts";
import { searchableText } from "../../text/searchable-text.ts";
import { isOdd, type FilterField } from "./filter-fields.ts";
import type { Generation } from "./generation.ts";
import { identifierOf, readersOf, storedMetadata } from "./stored-metadata.ts";

/** A chunk as `text_chunks` keeps it. It is seen while its batch is the one that its document names. */
export interface ChunkRow {
  readonly _id: string;
  readonly chunk_id: string;
  readonly document_id: string;
  /** One version of one document. */
  readonly batch: string;
  /** False while a large version is being staged. */
  readonly live: boolean;
  /** When staging began; gone once the version is live, so that what a crash leaves is removed by itself. */
  readonly staged_at?: Date;
  readonly ordinal: number;
  readonly title: string;
  readonly source: string;
  readonly content: string;
  readonly span: Span;
  readonly heading_path: readonly string[];
  readonly token_count: number;
  readonly entities: readonly string[];
  /** Those of the entities that are its title. */
  readonly titles: readonly string[];
  /** Parts of longer names: what a shorter name leads by. */
  readonly subnames: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly metadata_json: string;
  readonly readers: readonly string[];
  /** Of one generation, and of another while two are kept. */
  readonly vector?: Binary;
  readonly vector_2?: Binary;
  readonly embedding_hash?: string;
  readonly embedding_hash_2?: string;
  /** Words as the analyser makes them, joined by blanks. */
  readonly terms: { readonly body: string; readonly title: string; readonly words: string };
  /**
   * What is counted, each once: `b` + term of the body, `t` + term of the title, `w` + word + blank + term, `n` + name,
   * `m` + name that is its title.
   */
  readonly vocabulary: readonly string[];
  readonly mentions: readonly Mention[];
  readonly links: readonly PassageLink[];
  readonly assertions: readonly Assertion[];
}

export interface ChunkCounts {
  readonly body_words: number;
  readonly title_words: number;
  readonly odd_chunks: number;
}

interface Version {
  readonly tenant: string;
  readonly batch: string;
  readonly chunks: readonly NewChunk[];
  readonly graph: DocumentGraph;
  readonly stagedAt: Date | null;
  readonly generation: Generation;
}

/** The rows of a version, and what they add to the statistics. */
export function chunkRows(
  version: Version,
  analyzer: Analyzer,
  fields: readonly FilterField[],
): { readonly rows: readonly ChunkRow[]; readonly counts: ChunkCounts } {
  const mentions = Map.groupBy(version.graph.mentions, (mention) => mention.chunk_id);
  const links = Map.groupBy(version.graph.links, (link) => link.chunk_id);
  const assertions = Map.groupBy(version.graph.assertions, (assertion) => assertion.chunk_id);
  const rows = version.chunks.map((chunk): ChunkRow => {
    const own = mentions.get(chunk.chunk_id) ?? [];
    const entities = [...new Set(own.map((mention) => mention.entity))];
    const titles = [...new Set(own.filter(({ kind }) => kind === "title").map((mention) => mention.entity))];
    const counted = words(chunk, analyzer);
    return {
      _id: identifierOf(version.tenant, chunk.document_id, chunk.chunk_id, version.batch),
      chunk_id: chunk.chunk_id,
      document_id: chunk.document_id,
      batch: version.batch,
      live: version.stagedAt === null,
      ...(version.stagedAt === null ? {} : { staged_at: version.stagedAt }),
      ordinal: chunk.ordinal,
      title: chunk.title,
      source: chunk.source,
      content: chunk.content,
      span: chunk.span,
      heading_path: chunk.heading_path,
      token_count: chunk.token_count,
      entities,
      titles,
      subnames: [...new Set(entities.flatMap(partsOfName))],
      ...storedMetadata(chunk.metadata, version.tenant),
      readers: readersOf(chunk.metadata),
      ...(chunk.vector === null ? {} : { [version.generation.vector]: Binary.fromFloat32Array(chunk.vector) }),
      [version.generation.hash]: chunk.embedding_hash,
      ...counted,
      vocabulary: [...counted.vocabulary, ...entities.map((name) => `n${name}`), ...titles.map((name) => `m${name}`)],
      mentions: own,
      links: links.get(chunk.chunk_id) ?? [],
      assertions: assertions.get(chunk.chunk_id) ?? [],
    };
  });
  return {
    rows,
    counts: {
      body_words: rows.reduce((sum, row) => sum + wordCount(row.terms.body), 0),
      title_words: rows.reduce((sum, row) => sum + wordCount(row.terms.title), 0),
      odd_chunks: version.chunks.filter((chunk) => isOdd(chunk.metadata, fields)).length,
    },
  };
}

const wordCount = (joined: string): number => (joined === "" ? 0 : joined.split(" ").length);

/** Each shorter run of words of a name of two to seven words. */
export function partsOfName(name: string): readonly string[] {
  const tokens = name.split(" ");
  if (tokens.length < 2 || tokens.length > 7) return [];
  return tokens.flatMap((_, start) =>
    tokens
      .slice(start)
      .map((_part, length) => tokens.slice(start, start + length + 1))
      .filter((part) => part.length < tokens.length)
      .map((part) => part.join(" ")),
  );
}

function words(chunk: NewChunk, analyzer: Analyzer): Pick<ChunkRow, "terms" | "vocabulary"> {
  const body = analyzer.analyzeWithOffsets(searchableText(chunk));
  const title = analyzer.analyze(chunk.title);
  const forms = new Map(body.map((token) => [token.word, token.term]));
  return {
    terms: {
      body: body.map((token) => token.term).join(" "),
      title: title.join(" "),
      words: [...forms.keys()].join(" "),
    },
    vocabulary: [
      ...new Set(body.map((token) => `b${token.term}`)),
      ...new Set(title.map((term) => `t${term}`)),
      ...[...forms].map(([word, term]) => `w${word} ${term}`),
    ],
  };
}

export const chunkOf = (row: ChunkRow): Chunk => ({
  chunk_id: row.chunk_id,
  document_id: row.document_id,
  ordinal: row.ordinal,
  title: row.title,
  source: row.source,
  content: row.content,
  span: { start: row.span.start, end: row.span.end, page: row.span.page },
  heading_path: row.heading_path,
  token_count: row.token_count,
  metadata: metadataOf(row),
});

export const metadataOf = (row: { readonly metadata_json: string }): Metadata =>
  JSON.parse(row.metadata_json) as Metadata;

/** Fields of all generations, for what leaves vectors out. */
export const withoutVectors = { vector: 0, vector_2: 0 } as const;

/** What a chunk is made of. */
export const textOnly = { ...withoutVectors, terms: 0, vocabulary: 0, mentions: 0, links: 0, assertions: 0 } as const;

export const vectorOf = (
  row: Pick<ChunkRow, "vector" | "vector_2">,
  { vector }: Pick<Generation, "vector">,
): Float32Array | null => row[vector]?.toFloat32Array() ?? null;

/** −1 to 1, in double precision. */
export const cosine = (a: Float32Array, b: Float32Array): number => cosineTo(b)(a);

/** The cosine to one vector, of many. */
export function cosineTo(vector: Float32Array): (stored: Float32Array) => number {
  const square = dotProduct(vector, vector);
  return (stored) => dotProduct(stored, vector) / Math.sqrt(dotProduct(stored, stored) * square);
}
