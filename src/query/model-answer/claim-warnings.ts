import { messageOf } from "../../errors.ts";
import type { Citation, Warning } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import type { AnswerPorts } from "../answer/extract-answer.ts";
import { type CheckedClaim, checkClaims, type Claim } from "../check-claims.ts";
import { corpusIdf } from "../corpus-idf.ts";
import type { FusedHit } from "../fusion.ts";
import { sourceOf } from "./prompt.ts";

export interface ClaimReport {
  readonly warnings: readonly Warning[];
  /** Whether any sentence stands on what it cites. */
  readonly supported: boolean;
  readonly embeddingTokens: number;
}

/**
 * Checks the sentences that a model wrote in its own words. One that repeats its source is not checked: its quote was.
 * Warnings name sentences by their citation's number, never by their text.
 */
export async function claimReport(
  ports: AnswerPorts,
  scope: Scope,
  written: { readonly claims: readonly Claim[]; readonly citations: readonly Citation[] },
  passages: readonly FusedHit[],
  signal: AbortSignal | undefined,
): Promise<ClaimReport> {
  const own = written.claims.filter((claim) => !repeats(claim, passages));
  const quoted = own.length < written.claims.length;
  if (own.length === 0 || ports.embedder === null) return { warnings: [], supported: true, embeddingTokens: 0 };
  const embedder = counting(ports.embedder);
  try {
    const idfOf = await corpusIdf(ports.store, scope, own.map(({ text }) => text).join(" "), signal);
    const checked = await checkClaims(
      { embedder, analyzer: ports.analyzer, idfOf },
      own,
      passages.map(sourceOf).map(({ id, title, text }) => ({ id, title, text })),
      signal,
    );
    return {
      warnings: checked.flatMap((result, i) => warningOf(result, own[i]!, written.citations)),
      supported: quoted || checked.some(({ level }) => level !== "unsupported"),
      embeddingTokens: embedder.tokens(),
    };
  } catch (error) {
    if (signal?.aborted) throw error;
    const message = `The answer's sentences could not be checked against their sources: ${messageOf(error)}`;
    return { warnings: [{ code: "claims_unchecked", message }], supported: true, embeddingTokens: embedder.tokens() };
  }
}

const blanks = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

const repeats = (claim: Claim, passages: readonly FusedHit[]): boolean =>
  passages.some(
    ({ candidate: { chunk } }) =>
      claim.cited.includes(chunk.chunk_id) && blanks(chunk.content).includes(blanks(claim.text)),
  );

function warningOf(checked: CheckedClaim, claim: Claim, citations: readonly Citation[]): readonly Warning[] {
  const markers = markersOf(claim.cited, citations);
  const warnings: Warning[] = [];
  if (checked.level === "unsupported")
    warnings.push({
      code: "claim_unsupported",
      message: `The sentence that cites ${markers} is not carried by what it cites.`,
    });
  if (checked.level === "number-not-in-source")
    warnings.push({
      code: "claim_number_missing",
      message: `The sentence that cites ${markers} has a number that does not stand there: ${checked.missingNumbers.join(", ")}.`,
    });
  if (checked.level === "weak")
    warnings.push({
      code: "claim_weak",
      message: `The sentence that cites ${markers} is only partly carried by what it cites.`,
    });
  if (checked.betterSource !== null)
    warnings.push({
      code: "claim_better_source",
      message: `Another source fits the sentence that cites ${markers} better: ${checked.betterSource}.`,
    });
  return warnings;
}

const markersOf = (chunkIds: readonly string[], citations: readonly Citation[]): string =>
  citations
    .filter(({ chunk_id }) => chunkIds.includes(chunk_id))
    .map(({ marker }) => `[${marker}]`)
    .join(" ");

type Embedder = NonNullable<AnswerPorts["embedder"]>;

function counting(embedder: Embedder): Pick<Embedder, "embed" | "limits"> & { tokens(): number } {
  let tokens = 0;
  return {
    limits: embedder.limits,
    async embed(texts, request) {
      const result = await embedder.embed(texts, request);
      tokens += result.tokens;
      return result;
    },
    tokens: () => tokens,
  };
}
