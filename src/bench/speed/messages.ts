import type { Restriction, SearchKind } from "./candidate.ts";

/** What a candidate's process is asked, one thing at a time. */
export type Order =
  | { readonly type: "build"; readonly name: string; readonly size: number; readonly folder: string }
  | { readonly type: "refresh"; readonly name: string; readonly folder: string }
  | { readonly type: "open"; readonly name: string; readonly size: number; readonly folder: string }
  | {
      readonly type: "block";
      readonly kind: SearchKind;
      readonly restriction: Restriction;
      readonly from: number;
      readonly count: number;
    }
  | { readonly type: "close" };

export interface BuildReply {
  readonly seconds: number;
  readonly cpu_seconds: number;
  /** Of the same, for making the corpus. */
  readonly corpus_seconds: number;
  readonly corpus_cpu_seconds: number;
}

export interface OpenReply {
  /** Until the engine says that it is open. */
  readonly open_ms: number;
  /** From the same start until the first hybrid answer (of a question of words, where that is all there is). */
  readonly first_answer_ms: number;
}

export interface BlockReply {
  readonly milliseconds: readonly number[];
  /** Of all threads of the process, a query. */
  readonly cpu_ms: number;
  readonly ids: readonly (readonly string[])[];
  readonly rss_mb: number;
}

export type Reply =
  | { readonly ok: true; readonly value: BuildReply | OpenReply | BlockReply | null }
  | { readonly ok: false; readonly error: string };
