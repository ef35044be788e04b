/**
 * The data that flows and that is stored, the same in memory, in JSON and in both engines. Field names are the
 * contract of the stored collections; see `docs/decisions/0002-record-names.md`.
 */

export type MetadataScalar = string | number | boolean | null;

/** GeoJSON, longitude first. */
export interface GeoPoint {
  readonly type: "Point";
  readonly coordinates: readonly [longitude: number, latitude: number];
}

export type MetadataValue =
  | MetadataScalar
  | readonly MetadataScalar[]
  | GeoPoint
  | { readonly [key: string]: MetadataValue };

/**
 * What a document carries beside its text. `source` is always the document's source; `access` is the list of
 * principals that may read it (absent: the whole tenant). A string in ISO 8601 form is compared as an instant.
 */
export type Metadata = Readonly<Record<string, MetadataValue>>;

export type DocumentStatus = "indexed" | "failed";

/** One version of a document. It exists with all its chunks or not at all. */
export interface Document {
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly mime: string;
  /** SHA-256 of everything that decides the chunks: text, title, metadata, chunker. */
  readonly content_hash: string;
  readonly metadata: Metadata;
  /** Counts up from 1 with every change. */
  readonly version: number;
  readonly status: DocumentStatus;
  readonly chunks: number;
  /** UTF-16 code units of the stored text, the unit of every offset. */
  readonly characters: number;
  readonly error: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** `start` and `end` are UTF-16 offsets into the document's stored text; pages count from 1. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly page: number | null;
}

/** A passage: `text.slice(span.start, span.end) === content`, always. */
export interface Chunk {
  readonly chunk_id: string;
  readonly document_id: string;
  readonly ordinal: number;
  readonly title: string;
  readonly source: string;
  readonly content: string;
  readonly span: Span;
  readonly heading_path: readonly string[];
  /** In tokens of the embedder that the chunker was given. */
  readonly token_count: number;
  readonly metadata: Metadata;
}

/** A chunk on its way into a store. */
export interface NewChunk extends Chunk {
  /** Unit length; null when no embedder could be loaded (lexical only). */
  readonly vector: Float32Array | null;
  /** SHA-256 of the text that was embedded: equal hash, equal vector. */
  readonly embedding_hash: string;
}

/** How a name came to stand in a passage. */
export type MentionKind = "title" | "heading" | "term" | "body";

/** One name in one passage. `entity` is the normalised name (see `graph/key.ts`), `name` the words as written. */
export interface Mention {
  readonly chunk_id: string;
  readonly entity: string;
  readonly name: string;
  readonly kind: MentionKind;
  readonly type: string;
  /** Offsets into the stored text of the first occurrence; null for a title that is not part of the text. */
  readonly start: number | null;
  readonly end: number | null;
}

/**
 * A passage points at something: a hyperlink, "see section 3", a file name, a ticket, a reply. Or it is a place that
 * others point at (anchor): a heading, an element with an id, a message with its number.
 */
export interface PassageLink {
  readonly chunk_id: string;
  readonly kind: "hyperlink" | "reference" | "file" | "ticket" | "reply" | "citation" | "anchor";
  /**
   * Where it leads, resolved when it is followed: to the passages with an anchor of this very address, else to a
   * document by its source or id (before a "#"), else to passages by their title's normalised name. Of an anchor: its
   * own address.
   */
  readonly target: string;
  readonly start: number;
  readonly end: number;
}

/** A statement that joins two entities, with the passages that make it. */
export interface Assertion {
  readonly chunk_id: string;
  readonly source_entity: string;
  readonly target_entity: string;
  readonly type: string;
  readonly description: string;
  readonly weight: number;
  readonly confidence: "low" | "high";
}

/** Everything the graph learns from one version of a document; removed with it, to the last row. */
export interface DocumentGraph {
  readonly mentions: readonly Mention[];
  readonly links: readonly PassageLink[];
  readonly assertions: readonly Assertion[];
}

/**
 * One change that a person made to what the graph says. Extraction stays the evidence; edits are read over it, in the
 * order of their numbers. An edit is never changed or removed: an undo is an edit too.
 */
export interface GraphEdit {
  readonly edit_id: string;
  /** 1, 2, 3 … within the tenant, without a gap. */
  readonly sequence: number;
  /** Who made it: a key, or the owner of the data. */
  readonly actor: string;
  readonly created_at: string;
  readonly change: GraphChange;
}

/**
 * Names are normalised as in `Mention.entity`. `into` is what the mentions of `entity` belong to from then on, and `name`
 * how that entity is shown.
 */
export type GraphChange =
  | { readonly kind: "merge"; readonly entity: string; readonly into: string }
  | { readonly kind: "rename"; readonly entity: string; readonly into: string; readonly name: string }
  | {
      readonly kind: "split";
      readonly entity: string;
      readonly into: string;
      readonly name: string;
      /** The mentions that leave: those in these passages, in these documents, and those written just so. */
      readonly chunk_ids: readonly string[];
      readonly document_ids: readonly string[];
      readonly spellings: readonly string[];
    }
  | { readonly kind: "delete"; readonly entity: string }
  | { readonly kind: "undo"; readonly edit_id: string };

export interface Entity {
  readonly normalized_name: string;
  readonly name: string;
  readonly type: string;
  readonly aliases: readonly string[];
  readonly description: string;
  /** Ids of the chunks that mention it; an entity without any does not exist. */
  readonly provenance: readonly string[];
}

export interface Relationship {
  readonly source_entity: string;
  readonly target_entity: string;
  readonly type: string;
  readonly description: string;
  readonly weight: number;
  readonly provenance: readonly string[];
}

export interface Session {
  readonly session_id: string;
  readonly metadata: Metadata;
  readonly summary: string;
  /** Messages up to this sequence number are covered by the summary; all of them stay readable. */
  readonly summarized_to: number;
  readonly messages: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
}

export type Role = "user" | "assistant" | "system";

export interface Message {
  readonly session_id: string;
  /** 1, 2, 3 … without a gap, in the order of acceptance. */
  readonly sequence: number;
  readonly role: Role;
  readonly content: string;
  readonly metadata: Metadata;
  readonly created_at: string;
}

export interface Memory {
  readonly memory_id: string;
  readonly agent_id: string;
  readonly type: string;
  readonly content: string;
  /** 0 to 1. */
  readonly importance: number;
  readonly metadata: Metadata;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly access_count: number;
  readonly accessed_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string | null;
}

export type JobState = "queued" | "running" | "paused" | "done" | "failed" | "cancelled";

/** Work that outlives a request. A worker holds it by a lease; a lease that runs out frees it. */
export interface Job {
  readonly job_id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly input: unknown;
  readonly progress: unknown;
  readonly result: unknown;
  readonly error: string | null;
  readonly attempts: number;
  readonly owner: string | null;
  readonly lease_until: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export type Leg = "vector" | "text" | "graph";

/** What the legs, the fusion and the reranker gave one hit; null where a leg did not find or run it. */
export interface HitScores {
  /** Cosine, −1 to 1. */
  readonly vector: number | null;
  /** BM25, 0 and above. */
  readonly text: number | null;
  /** What following links added to the fused score. */
  readonly graph: number | null;
  readonly rerank: number | null;
}

/** How a passage was reached over the graph. */
export interface HopPath {
  readonly from_chunk_id: string;
  /** Of the passage that led to it; its source where it has no title. */
  readonly from_title: string;
  /** The name or the address that it was reached by. */
  readonly entity: string;
  readonly link: string;
  readonly sentence: string;
  readonly strength: number;
}

export interface Hit {
  readonly rank: number;
  readonly chunk_id: string;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly content: string;
  readonly score: number;
  readonly legs: HitScores;
  readonly span: Span;
  readonly heading_path: readonly string[];
  readonly metadata: Metadata;
  readonly path?: HopPath;
}

/** Something the caller should know although the call succeeded. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** A quote that was found in the stored source at these offsets. */
export interface Citation {
  readonly marker: number;
  readonly chunk_id: string;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly quote: string;
  /**
   * Where the quote stands in the document's stored text, in Unicode code points, so that readers in any language
   * agree (W3C Web Annotation Data Model, Text Position Selector). `sliceCodePoints` is the slice in JavaScript.
   */
  readonly start: number;
  readonly end: number;
  readonly page: number | null;
  readonly heading_path: readonly string[];
}

/**
 * Names that stand together in the passages found for one question, or in the whole collection, and what these say:
 * only passages that the caller may read are shown or counted.
 */
export interface Community {
  /** Of the collection only: stays while its passages do. */
  readonly id?: string;
  /** As written, the best connected first; at most ten. */
  readonly names: readonly string[];
  /** Passages of it among the best hundred found; of the collection: all of them. */
  readonly passages: number;
  /** Of the collection only: of how many documents these are. */
  readonly documents?: number;
  /** What the texts say of its first names and others of its names, strongest first; at most three. */
  readonly relations: readonly Pick<Relationship, "source_entity" | "type" | "target_entity" | "description">[];
  /** Of the collection only: what it falls into, the largest first. */
  readonly parts?: readonly CommunityPart[];
  /** The quotes one after the other, or what a model wrote. */
  readonly summary: string;
  readonly summarized_by: "quotes" | "model";
  /** Its most central sentences, checked like citations. */
  readonly quotes: readonly Omit<Citation, "marker">[];
}

export interface CommunityPart {
  readonly id: string;
  readonly names: readonly string[];
  readonly passages: number;
}

export type Evidence = "answer" | "closest" | "none";

/** Tokens and money of one call; zero where no paid model ran. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly embedding_tokens: number;
  readonly rerank_tokens: number;
  readonly cost_usd: number;
}
