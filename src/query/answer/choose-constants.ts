import { z } from "zod";
import { HybridRAGError, messageOf } from "../../errors.ts";
import { bundledConstants, type AnswerConstants } from "./constants.ts";

const weight = z.number();
const weights = z.strictObject({
  intercept: weight,
  topCosine: weight,
  coverage: weight,
  length: weight,
  missing: weight,
  /** Fits of earlier versions knew no size. */
  size: weight.default(0),
});
const line = z.strictObject({ weights, none: weight, answer: weight });
const schema = z.strictObject({
  embedder: z.string().min(1),
  abstention: line,
  lexicalAbstention: line,
});

/**
 * Reads the constants that `npm run fit` wrote.
 * @throws HybridRAGError `invalid_config` that says what is wrong.
 */
export function parseConstants(text: string, path: string): AnswerConstants {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HybridRAGError(
      "invalid_config",
      `${path} does not hold the constants of answers: ${messageOf(cause)} Write it with npm run fit.`,
      { cause, details: { path } },
    );
  }
}

/**
 * The constants for an embedder: those given when they belong to it, else the bundled ones when they do. An embedder
 * that nothing was fitted to has cosines on a scale of its own, so evidence is then judged by words alone.
 */
export function constantsFor(fingerprint: string | null, given: AnswerConstants | null): AnswerConstants {
  const known = [given, bundledConstants].find((one) => one !== null && belongsTo(one, fingerprint));
  if (known) return known;
  const { lexicalAbstention } = given ?? bundledConstants;
  return { ...(given ?? bundledConstants), embedder: fingerprint ?? "none", abstention: lexicalAbstention };
}

/** Without an embedder no cosine is looked at, so any constants will do. */
const belongsTo = ({ embedder }: AnswerConstants, fingerprint: string | null): boolean =>
  fingerprint === null || fingerprint === embedder || fingerprint.startsWith(`${embedder}:`);

/** The part of a fingerprint that decides what its cosines mean: of `local:NAME:…` the name, whatever number type. */
export const familyOf = (fingerprint: string): string =>
  fingerprint.startsWith("local:") ? fingerprint.split(":", 2).join(":") : fingerprint;
