import type { BulkProgress } from "../ports/bulk-objects.ts";
import type { Warning } from "../records.ts";

export type FileOutcome = "indexed" | "updated" | "unchanged" | "empty" | "refused" | "failed";

/** What became of one file or document. */
export interface FileResult {
  /** The file as it was found, or the source of a document given in memory. */
  readonly path: string;
  readonly outcome: FileOutcome;
  /** Null for what is indexed or unchanged; a sentence that names the file otherwise. */
  readonly reason: string | null;
  readonly document_id: string;
  readonly chunks: number;
}

export interface IngestProgress {
  readonly done: number;
  readonly total: number;
  readonly chunks: number;
  /** Chunks put so far per second. */
  readonly chunks_per_second: number;
  /** Null until something is done. */
  readonly eta_seconds: number | null;
}

export interface IngestSummary {
  readonly outcomes: Readonly<Record<FileOutcome, number>>;
  /** Documents that were put. */
  readonly documents: number;
  /** Chunks of the documents that were put. */
  readonly chunks: number;
  /** Chunks whose vector was made anew; the others kept theirs. */
  readonly embedded: number;
  /** Passages that a language model was to read and of which nothing could be used: rules alone found their names. */
  readonly unread_passages: number;
  readonly vanished: number;
  readonly seconds: number;
  /** The signal ended the run; what was done stays, and the next run goes on from there. */
  readonly interrupted: boolean;
}

/** `summary` is always the last event. */
export type IngestEvent =
  | { readonly type: "discovered"; readonly files: number }
  | { readonly type: "file"; readonly result: FileResult }
  | { readonly type: "vanished"; readonly path: string; readonly document_id: string; readonly pruned: boolean }
  | { readonly type: "warning"; readonly warning: Warning }
  /** What a language model reads in bulk before documents are put. */
  | { readonly type: "extraction"; readonly extraction: BulkProgress }
  | { readonly type: "progress"; readonly progress: IngestProgress }
  | { readonly type: "summary"; readonly summary: IngestSummary };
