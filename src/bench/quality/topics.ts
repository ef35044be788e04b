import type { EvalQuery } from "../../evaluate/dataset.ts";
import type { Mode } from "../../query/query-request.ts";
import { sample } from "./abstention.ts";
import { type Collection, collectionKinds } from "./collections.ts";
import type { Indexed } from "./indexed.ts";

/** A collection beside the questions that are its own and those that are not. */
export interface Topic {
  readonly name: string;
  readonly indexed: Indexed;
  readonly own: readonly EvalQuery[];
  /** Of the other collections, without their filters, which mean nothing here. */
  readonly foreign: readonly EvalQuery[];
  readonly mode: Mode;
}

/** How many questions a topic has at most. */
export interface TopicSize {
  readonly own: number;
  /** Of each other collection. */
  readonly foreign: number;
}

/** The questions of each collection, and of every other one. Their subjects must not overlap. */
export function topicsOf(
  collections: readonly (readonly [Collection, Indexed])[],
  mode: Mode,
  size: TopicSize,
): readonly Topic[] {
  return collections.map(([{ name, dataset }, indexed]) => ({
    name,
    indexed,
    mode,
    own: sample(answerable(dataset.queries), size.own),
    foreign: collections
      .filter(([other]) => other.name !== name)
      .flatMap(([other]) => sample(answerable(other.dataset.queries), size.foreign))
      .map((query) => ({ ...query, filter: null })),
  }));
}

/** Where the set has judgements, a question without any is one that its texts do not answer. */
function answerable(queries: readonly EvalQuery[]): readonly EvalQuery[] {
  const judged = queries.filter(({ judgements }) => judgements.size > 0);
  return judged.length > 0 ? judged : queries;
}

/** Collections that are missing before foreign questions can be asked: over other ones the figures mean something else. */
export const notAsked = (names: readonly string[]): readonly string[] =>
  collectionKinds
    .filter(({ name, measures }) => measures.includes("abstention") && !names.includes(name))
    .map(({ name }) => name);
