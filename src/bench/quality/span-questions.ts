import { join } from "node:path";
import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { EvalDocument } from "../../evaluate/dataset.ts";
import { findFile, readRecords } from "../../evaluate/read-lines.ts";

/** A question with the characters of one document that answer it. */
export interface SpanQuestion {
  readonly id: string;
  readonly text: string;
  readonly document: string;
  readonly spans: readonly { readonly start: number; readonly end: number }[];
}

const documentLine = z.object({ _id: z.string(), text: z.string() });
const questionLine = z.object({
  _id: z.string(),
  text: z.string(),
  document: z.string(),
  spans: z.array(z.object({ start: z.number(), end: z.number() })),
});

/** Reads `documents.jsonl` and `questions.jsonl`, plain or gzipped. */
export async function readSpanQuestions(
  folder: string,
): Promise<{ readonly documents: readonly EvalDocument[]; readonly questions: readonly SpanQuestion[] }> {
  const [documents, questions] = await Promise.all([
    findFile(folder, ["documents.jsonl"]),
    findFile(folder, ["questions.jsonl"]),
  ]);
  if (documents === null || questions === null) {
    throw new HybridRAGError("invalid_input", `${join(folder, "documents.jsonl")} and questions.jsonl are expected.`, {
      details: { path: folder },
    });
  }
  return {
    documents: (await readRecords(documents, documentLine)).map(({ _id, text }) => ({
      document_id: _id,
      title: "",
      text,
      metadata: {},
    })),
    questions: (await readRecords(questions, questionLine)).map(({ _id, ...rest }) => ({ id: _id, ...rest })),
  };
}
