import type { Role } from "../records.ts";

/** A model that writes. */
export interface LanguageModel {
  readonly provider: string;
  readonly model: string;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  /** How it cites `sources`: by `citation` parts, or by markers such as [2] in its text, numbered in their order from 1. */
  readonly cites: "quotes" | "markers";
  /** An estimate where the provider has no tokenizer to offer. */
  countTokens(text: string): number;
  /** Parts as they come; the last is always `finish`. Breaking out of the loop cancels the call. */
  stream(request: GenerateRequest): AsyncIterable<GeneratePart>;
  /** One JSON value that the schema admits. */
  generateObject(request: GenerateRequest & { readonly schema: JsonSchema; readonly name: string }): Promise<{
    readonly value: unknown;
    readonly usage: TokenUsage;
  }>;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface GenerateRequest {
  readonly system: string;
  readonly messages: readonly { readonly role: Exclude<Role, "system">; readonly content: string }[];
  /** Passages the model may cite, kept apart from the instructions. */
  readonly sources?: readonly ModelSource[];
  readonly maxOutputTokens: number;
  readonly effort?: "low" | "medium" | "high";
  readonly signal?: AbortSignal;
}

export interface ModelSource {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly text: string;
}

export type GeneratePart =
  | { readonly type: "text-delta"; readonly text: string }
  /** The model's own citation: a quote from a source, for the text written since the last one. */
  | { readonly type: "citation"; readonly source_id: string; readonly quote: string }
  | { readonly type: "finish"; readonly reason: FinishReason; readonly usage: TokenUsage };

/** `length`: the output limit was reached; `cut`: the stream ended without a reason. */
export type FinishReason = "stop" | "length" | "refusal" | "context-full" | "cut";

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}
