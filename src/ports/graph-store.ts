import { compareText } from "../filter/matches.ts";
import type { Filter } from "../filter/filter.ts";
import type { Entity, GraphEdit, Mention, PassageLink, Relationship } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { TextList } from "../text/text-list.ts";
import type { HopRequest, HopResult } from "./hop.ts";
import type { CallOptions, Page, PageRequest } from "./store.ts";

/**
 * The knowledge graph of one tenant. It is written as part of a document version and leaves with it; entities and
 * relationships are what the remaining passages assert, nothing more. Scope and filter hold at every step: a hidden
 * passage neither appears nor carries a path nor counts.
 *
 * People may change by hand what it says (`edit`); every answer is then what the passages assert as the edits have it
 * (`edits/edited-graph.ts`), while the passages keep what was extracted from them. An entity is found by every name that
 * an edit made one of its own.
 */
export interface GraphStore {
  /** Entities with these normalised names; names that no readable passage mentions are left out. */
  entities(scope: Scope, names: readonly string[], options?: CallOptions): Promise<readonly Entity[]>;
  /** Ordered by normalised name, by code point; `prefix` narrows. */
  list(scope: Scope, request: PageRequest & { readonly prefix?: string }, options?: CallOptions): Promise<Page<Entity>>;
  /** Relationships that touch the entity, strongest first; a weight is the sum over the assertions that are seen. */
  neighbours(scope: Scope, request: NeighbourRequest, options?: CallOptions): Promise<readonly Relationship[]>;
  /** What these passages mention; those that do not exist or may not be read are left out. */
  mentions(scope: Scope, chunkIds: readonly string[], options?: CallOptions): Promise<readonly Mention[]>;
  /** Where these passages point themselves, in the order of their places; anchors and what may not be read are left out. */
  pointers(scope: Scope, chunkIds: readonly string[], options?: CallOptions): Promise<readonly Pointer[]>;
  /** Sizes of names in the tenant: what the hop stage weighs links by. Unknown names are left out. */
  weigh(scope: Scope, names: readonly string[], options?: CallOptions): Promise<readonly AskedWeight[]>;
  /** One round of links out of these passages. */
  links(scope: Scope, request: LinkRequest, options?: CallOptions): Promise<LinkResult>;
  /**
   * Follows the links that cover what the question leaves open (`walk/hop.ts`), where the graph is: the same as when it
   * is followed from outside over the other calls.
   */
  hop(scope: Scope, request: HopRequest, options?: CallOptions): Promise<HopResult>;
  /**
   * Names that stand in a passage and are another passage's title, and addresses in it that lead to another passage,
   * per passage: what says whether following links is worth the while. Asked with every question, so it may be as old as
   * a fiftieth of the passages, and of more than 500 it may count what some of them hold.
   */
  linkDensity(scope: Scope, options?: CallOptions): Promise<number>;
  count(scope: Scope, options?: CallOptions): Promise<GraphCounts>;
  /**
   * The passages that scope and filter let through with the names that they mention: what work on the whole collection
   * reads. Null when they are the same as those that were told with `known` as their revision, for the same scope and
   * filter. Changes that another server made may show up to a minute late.
   */
  passageNames(scope: Scope, request: PassageNamesRequest, options?: CallOptions): Promise<PassageNames | null>;
  /**
   * All edits of the tenant in order, the undone and the undos among them.
   * @throws HybridRAGError `forbidden` unless the scope is the owner's, since an edit may name what others may not read.
   */
  edits(scope: Scope, options?: CallOptions): Promise<readonly GraphEdit[]>;
  /**
   * Adds an edit as the one after number `after`, which is the last that the caller knows of (0: none). Once it resolves
   * it is durable and this store's answers follow it; other processes on the same data follow within a second. What it
   * says is not checked: see `graph/edit-graph.ts`.
   * @throws HybridRAGError `conflict`, retryable, when another came first; `forbidden` unless the scope is the owner's.
   */
  edit(scope: Scope, edit: Omit<GraphEdit, "sequence">, after: number, options?: CallOptions): Promise<GraphEdit>;
}

export interface NeighbourRequest {
  readonly entity: string;
  readonly limit: number;
  readonly filter?: Filter | null;
  /** Relationships of this type alone; absent: of all. */
  readonly type?: string;
}

export interface EntityWeight {
  readonly entity: string;
  /** Passages that mention it, titles included. */
  readonly passages: number;
  /** Passages whose title it is. */
  readonly titled: number;
}

export interface AskedWeight extends EntityWeight {
  /** The name that was asked for: the entity's own, or one that an edit made its own. */
  readonly asked: string;
}

export interface LinkRequest {
  /** Passages that links start from. */
  readonly seeds: readonly string[];
  /** Passages that have one of these normalised names as their title are returned too, seeds or not. */
  readonly titled: readonly string[];
  /** Normalised names that are not followed but told of: those of the question. */
  readonly except: readonly string[];
  readonly filter: Filter | null;
  /** Shared names in more passages than this are not followed. */
  readonly maxShared: number;
  /** Sub-names whose passages and whose longer names' passages together are more than this are not followed. */
  readonly maxSubname: number;
  /** Passages fetched per name at most, the lowest chunk ids first; 0 follows no link. */
  readonly maxPassages: number;
  /** Analysed words of the question, at most 31: bit i of a passage's mask says that it holds word i. */
  readonly terms: readonly string[];
  /** The question's vector, so that passages carry both scores as candidates do. */
  readonly vector: Float32Array | null;
}

/**
 * Why a passage leads to another, over one name. forward: the name stands in the first and is the second's title.
 * back: the name is the first's title and stands in the second. shared: it stands in both. subname: it stands in the
 * first and is a part of a longer name (of up to seven words) in the second; a part of one word counts from four letters
 * on, if it is a title or stands in three passages. The other kinds: the first points at the second itself, and the
 * name is the address (see `PassageLink`).
 * A name stands in a passage when a mention of another kind than "title" says so. Counts are of seen passages.
 */
export type LinkKind = NamedLinkKind | ExplicitLinkKind;
export type NamedLinkKind = "forward" | "back" | "shared" | "subname";
export type ExplicitLinkKind = Exclude<PassageLink["kind"], "anchor">;

/** Links that a passage says itself, by an address. */
export const explicitLinkKinds: ReadonlySet<LinkKind> = new Set<ExplicitLinkKind>([
  "hyperlink",
  "reference",
  "file",
  "ticket",
  "reply",
  "citation",
]);

export interface PassageEdge {
  readonly from: string;
  readonly to: string;
  readonly entity: string;
  readonly kind: LinkKind;
}

/** A link that a passage says itself, with the place in the document where it says so. */
export interface Pointer extends PassageLink {
  readonly kind: ExplicitLinkKind;
}

/** By passage and place in it. */
export const comparePointers = (a: PassageLink, b: PassageLink): number =>
  compareText(a.chunk_id, b.chunk_id) || a.start - b.start || a.end - b.end || compareText(a.target, b.target);

/** Many passages are reached and few are kept, so their chunks are read afterwards. */
export interface LinkedPassage {
  readonly chunk_id: string;
  /** Within .01 of the exact one: an engine may read it from short codes. */
  readonly cosine: number | null;
  readonly bm25: number | null;
  readonly mask: number;
  /** Those of `except` that it mentions; `title` when the name is its title. */
  readonly entities: readonly { readonly entity: string; readonly title: boolean }[];
}

export interface LinkResult {
  readonly edges: readonly PassageEdge[];
  /** The seeds, the titled passages, and every passage that an edge ends in; each once. */
  readonly passages: readonly LinkedPassage[];
  /** Of every name that a seed mentions. */
  readonly weights: readonly EntityWeight[];
}

export interface PassageNamesRequest {
  readonly filter: Filter | null;
  /** Passages at most: of more, a fair sample that is always the same. */
  readonly limit: number;
  readonly known: string | null;
}

/** In any order. Arrays of their own, which whoever gets them may move to another thread. */
export interface PassageNames {
  /** Equal for equal passages with equal names. */
  readonly revision: string;
  /** Passages that scope and filter let through, of which those here may be a sample. */
  readonly total: number;
  /** Chunk ids. */
  readonly passages: TextList;
  /** Of each passage, the number of its document; numbers mean nothing else. */
  readonly documents: Uint32Array;
  /** Normalised names, each once. */
  readonly names: TextList;
  /** The names of passage i, each once, are `mentioned[ends[i - 1] .. ends[i])`. */
  readonly ends: Uint32Array;
  readonly mentioned: Uint32Array;
}

export interface GraphCounts {
  readonly entities: number;
  readonly relationships: number;
  readonly passages: number;
  /** See `linkDensity`; exact. */
  readonly linksPerPassage: number;
}
