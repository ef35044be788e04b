import type { Citation, Community, Evidence, Hit, Usage, Warning } from "../../records.ts";

/** One step of an answer. The first is `sources`, the last `end`; a stream that ends otherwise was cut. */
export type AnswerEvent =
  | {
      readonly type: "sources";
      readonly question: string;
      readonly sources: readonly Hit[];
      /** In mode global: what the passages found are about. */
      readonly communities?: readonly Community[];
    }
  | { readonly type: "text-delta"; readonly text: string }
  /** Its marker stands in the text written so far. */
  | { readonly type: "citation"; readonly citation: Citation }
  | { readonly type: "warning"; readonly warning: Warning }
  | {
      readonly type: "end";
      readonly evidence: Evidence;
      readonly abstained: boolean;
      readonly usage: Usage;
      readonly timings_ms: Readonly<Record<string, number | null>>;
    };

/** What `ask --json` prints and `POST /v1/query` answers. */
export interface Answer {
  readonly question: string;
  readonly answer: string;
  readonly evidence: Evidence;
  readonly abstained: boolean;
  readonly citations: readonly Citation[];
  readonly sources: readonly Hit[];
  /** In mode global: what the passages found are about. */
  readonly communities?: readonly Community[];
  readonly warnings: readonly Warning[];
  readonly usage: Usage;
  readonly timings_ms: Readonly<Record<string, number | null>>;
}

export const noUsage: Usage = { input_tokens: 0, output_tokens: 0, embedding_tokens: 0, rerank_tokens: 0, cost_usd: 0 };
