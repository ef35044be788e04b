import type { Assertion, Mention, PassageLink } from "../records.ts";

/** Finds names, links and statements in passages, by rules or by a model. */
export interface Extractor {
  /** Rules or model with version: part of a document's content hash. */
  readonly fingerprint: string;
  /** Results in the order of the passages. One that cannot be read gives empty lists and a count in `failed`. */
  extract(passages: readonly ExtractPassage[], options?: { readonly signal?: AbortSignal }): Promise<ExtractResult>;
  close(): Promise<void>;
}

export interface ExtractPassage {
  readonly chunk_id: string;
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly content: string;
  /** Offset of the content in the stored text; results carry offsets into the stored text. */
  readonly start: number;
  /** Links the format itself holds (hyperlinks, replies), found by the loader. */
  readonly links: readonly PassageLink[];
}

export interface ExtractResult {
  readonly passages: readonly {
    readonly mentions: readonly Mention[];
    readonly links: readonly PassageLink[];
    readonly assertions: readonly Assertion[];
  }[];
  readonly failed: number;
}
