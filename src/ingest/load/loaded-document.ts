import type { MetadataValue } from "../../records.ts";

/**
 * An `aside` stands in the text, so that it can be shown, but in no chunk, so that no search returns it: front matter
 * (it is metadata), a list of addresses. It is the beginning or the end of a text.
 */
export type BlockKind = "heading" | "paragraph" | "list-item" | "table" | "code" | "caption" | "aside";

/** A range of the stored text, in UTF-16 code units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** One structural piece of the stored text. Blocks are in the order of the text and do not overlap. */
export interface Block extends TextRange {
  readonly kind: BlockKind;
  /** Headings: 1 is the outermost. List items: depth from 1. */
  readonly level?: number;
  /** The heading's words without markup. */
  readonly label?: string;
  /** Tables: one range per row, header first. */
  readonly rows?: readonly TextRange[];
  /** Tables: the first row names the columns. */
  readonly header?: boolean;
  /** Page or slide, from 1; null where the format has none. */
  readonly page: number | null;
}

/**
 * A link that the format itself holds; the range is the text that carries it. An anchor is a place that links lead to:
 * its range is what stands there.
 */
export interface LoadedLink extends TextRange {
  readonly kind: "hyperlink" | "reply" | "citation" | "anchor";
  /** As written in the file; an anchor of the page is "#" and its name. */
  readonly target: string;
}

/** What a reader makes of a file. `text` is what is stored and what every offset refers to. */
export interface LoadedDocument {
  /** Null when the file itself names none. */
  readonly title: string | null;
  readonly mime: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly links: readonly LoadedLink[];
  /** What the file says about itself (front matter, mail headers). */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

/** A file on its way to a reader. `name` is used in messages and for its extension. */
export interface LoadRequest {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** A MIME type from the caller; used only when bytes and extension say nothing. */
  readonly mime?: string;
}

/**
 * Reads one format.
 * @throws HybridRAGError `unreadable`, `no_text`, `unsupported_type`, `too_large`.
 */
export type Loader = (request: LoadRequest) => LoadedDocument | Promise<LoadedDocument>;

/** Raise when a reader's output changes, so that unchanged files are read again. */
export const loaderVersion = "5";
