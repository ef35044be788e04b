import { z } from "zod";
import { HybridRAGError } from "../errors.ts";
import type { Filter } from "../filter/filter.ts";
import { parseFilter } from "../filter/parse-filter.ts";
import { sessionIdPattern } from "../ports/session-store.ts";

/** What may answer a question; see DESIGN "Modes". */
export const modes = ["vector", "text", "hybrid", "local", "global", "mix", "bypass"] as const;
export type Mode = (typeof modes)[number];

/**
 * Text as a person means it: white-space control characters become blanks, other control characters (C0, DEL, C1)
 * go, half surrogate pairs become U+FFFD, and blanks at both ends go.
 */
export const sanitizeQuery = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\t\n\v\f\r\u0085]/g, " ")
    .replaceAll(/\p{Cc}/gu, "")
    .trim();

/** The body of a search or a question, in the form of the guide; the one source of validation and of types. */
export const queryRequestSchema = z.strictObject({
  query: z
    .string("a text is expected.")
    .overwrite(sanitizeQuery)
    .min(1, "the query is empty; ask something.")
    .max(10_000, "the query is longer than 10,000 characters; shorten it.")
    .describe(
      "The question, 1 to 10,000 characters. Passages that hold what it has in quotation marks, two words or more, word " +
        "for word in text or title come before all others, in every mode with a text leg; links are followed from them.",
    ),
  top_k: z
    .int("a whole number from 1 to 100 is expected.")
    .min(1, "a whole number from 1 to 100 is expected.")
    .max(100, "a whole number from 1 to 100 is expected.")
    .optional()
    .describe("Results wanted, 1 to 100; 10 when absent."),
  mode: z
    .enum(modes, `one of ${modes.join(", ")} is expected.`)
    .optional()
    .describe("Which legs search."),
  session_id: z
    .string("a text is expected.")
    .regex(sessionIdPattern, "1 to 100 letters, digits, _ and - are expected.")
    .nullish()
    .describe("The conversation that the question belongs to."),
  filters: z
    .record(z.string(), z.unknown(), 'an object is expected, such as {"metadata.category": "x"}.')
    .nullish()
    .describe("Conditions on document_id and metadata, in MongoDB's familiar form."),
  explain: z.boolean("true or false is expected.").optional().describe("Adds the plan and each leg's share."),
});

/** A request that was checked. What is null is left to the settings. */
export interface QueryRequest {
  readonly query: string;
  readonly top_k: number | null;
  readonly mode: Mode | null;
  readonly session_id: string | null;
  readonly filter: Filter | null;
  readonly explain: boolean;
}

/**
 * Checks what came from outside.
 * @throws HybridRAGError `invalid_input` or, inside `filters`, `invalid_filter`; `details.path` is a JSON pointer.
 */
export function parseQueryRequest(input: unknown): QueryRequest {
  const result = queryRequestSchema.safeParse(input);
  if (!result.success) throw refusal(result.error.issues[0]);
  const { query, top_k, mode, session_id, filters, explain } = result.data;
  return {
    query,
    top_k: top_k ?? null,
    mode: mode ?? null,
    session_id: session_id ?? null,
    filter: parseFilter(filters, "/filters"),
    explain: explain ?? false,
  };
}

function refusal(issue: z.core.$ZodIssue | undefined): HybridRAGError {
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const steps = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const path = steps
    .map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 80)}`)
    .join("");
  const known = Object.keys(queryRequestSchema.shape).join(", ");
  const message = unknown === undefined ? issue?.message : `no such field; known are ${known}.`;
  return new HybridRAGError("invalid_input", `The request is wrong at ${path || "/"}: ${message}`, {
    details: { path: path || "/" },
  });
}
