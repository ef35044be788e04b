import type { Filter } from "../filter/filter.ts";
import type { Chunk, Entity, Relationship } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest } from "./store.ts";

/**
 * The knowledge graph of one tenant. It is written as part of a document version and leaves with it; entities and
 * relationships are what the remaining passages assert, nothing more. Scope and filter hold at every step: a hidden
 * passage neither appears nor carries a path nor counts.
 */
export interface GraphStore {
  /** Entities with these normalised names; names that no readable passage mentions are left out. */
  entities(scope: Scope, names: readonly string[], options?: CallOptions): Promise<readonly Entity[]>;
  /** Ordered by normalised name, by code point; `prefix` narrows. */
  list(scope: Scope, request: PageRequest & { readonly prefix?: string }, options?: CallOptions): Promise<Page<Entity>>;
  /** Relationships that touch the entity, strongest first. */
  neighbours(
    scope: Scope,
    request: { readonly entity: string; readonly limit: number; readonly filter?: Filter | null },
    options?: CallOptions,
  ): Promise<readonly Relationship[]>;
  /** Sizes of names in the tenant: what the hop stage weighs links by. Unknown names are left out. */
  weigh(scope: Scope, names: readonly string[], options?: CallOptions): Promise<readonly EntityWeight[]>;
  /** One round of links out of these passages. */
  links(scope: Scope, request: LinkRequest, options?: CallOptions): Promise<LinkResult>;
  count(scope: Scope, options?: CallOptions): Promise<GraphCounts>;
}

export interface EntityWeight {
  readonly entity: string;
  /** Passages that mention it, titles included. */
  readonly passages: number;
  /** Passages whose title it is. */
  readonly titled: number;
}

export interface LinkRequest {
  readonly seeds: readonly string[];
  /** Normalised names that are not followed: those of the question. */
  readonly except: readonly string[];
  readonly filter: Filter | null;
  /** Shared names in more passages than this are not followed. */
  readonly maxShared: number;
  /** Passages fetched per name at most. */
  readonly maxPassages: number;
  /** Analysed words of the question, at most 31: bit i of a target's mask says that it holds word i. */
  readonly terms: readonly string[];
  /** The question's vector and text, so that targets carry both scores as candidates do. */
  readonly vector: Float32Array | null;
}

export type LinkKind = "forward" | "back" | "shared" | "subname" | "explicit";

export interface PassageEdge {
  readonly from: string;
  readonly to: string;
  readonly entity: string;
  readonly kind: LinkKind;
}

export interface LinkedPassage {
  readonly chunk: Chunk;
  readonly cosine: number | null;
  readonly bm25: number | null;
  readonly mask: number;
}

export interface LinkResult {
  readonly edges: readonly PassageEdge[];
  /** Every passage that an edge ends in, and the seeds. */
  readonly passages: readonly LinkedPassage[];
  readonly weights: readonly EntityWeight[];
}

export interface GraphCounts {
  readonly entities: number;
  readonly relationships: number;
  /** Links from a passage to a title, per passage: the hop stage is on from .2. */
  readonly titleLinksPerPassage: number;
}
