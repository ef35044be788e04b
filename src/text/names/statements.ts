/**
 * "Name verb name" within one sentence: what a reader sees as a fact, right about half of the time (coordination,
 * reduced relatives and pronouns mislead), so of low confidence and for display beside its sentence.
 */
import type { NamedRun, TaggedToken } from "./tagged-token.ts";

export interface Statement {
  /** Indexes into the runs. */
  readonly subject: number;
  readonly object: number;
  /** The words between them that carry the relation, lower case: "was directed by". */
  readonly relation: string;
}

const longestGap = 7;
const relationTags = new Set(["VERB", "AUX", "ADP", "PART", "ADV"]);
const passedOver = new Set(["DET", "ADJ", "NOUN", "NUM"]);

/** `sentenceOf` numbers the sentence that an offset lies in. Pairs of neighbouring runs only. */
export function findStatements(
  tokens: readonly TaggedToken[],
  runs: readonly NamedRun[],
  sentenceOf: (offset: number) => number,
): Statement[] {
  return runs.flatMap((subject, index) => {
    const object = runs[index + 1];
    if (object === undefined || sentenceOf(subject.start) !== sentenceOf(object.start)) return [];
    const relation = relationBetween(tokens.slice(subject.last + 1, object.first));
    return relation === null ? [] : [{ subject: index, object: index + 1, relation }];
  });
}

function relationBetween(between: readonly TaggedToken[]): string | null {
  if (between.length === 0 || between.length > longestGap) return null;
  if (!relationTags.has(between[0]!.tag) || between[0]!.tag === "ADP") return null;
  if (!between.some(({ tag }) => tag === "VERB" || tag === "AUX")) return null;
  if (!between.every(({ tag }) => relationTags.has(tag) || passedOver.has(tag))) return null;
  const words = between.filter(({ tag }) => tag !== "DET").map(({ text }) => text.toLowerCase());
  return words.join(" ");
}
