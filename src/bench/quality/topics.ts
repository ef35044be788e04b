import type { EvalQuery } from "../../evaluate/dataset.ts";
import type { Mode } from "../../query/query-request.ts";
import { sample } from "./abstention.ts";
import type { Collection } from "./collections.ts";
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

const ownQuestions = 60;
const foreignQuestions = 24;

/** Up to 60 questions of each collection, and up to 24 of every other one. Their subjects must not overlap. */
export function topicsOf(collections: readonly (readonly [Collection, Indexed])[], mode: Mode): readonly Topic[] {
  return collections.map(([{ name, dataset }, indexed]) => ({
    name,
    indexed,
    mode,
    own: sample(answerable(dataset.queries), ownQuestions),
    foreign: collections
      .filter(([other]) => other.name !== name)
      .flatMap(([other]) => sample(answerable(other.dataset.queries), foreignQuestions))
      .map((query) => ({ ...query, filter: null })),
  }));
}

/** Where the set has judgements, a question without any is one that its texts do not answer. */
function answerable(queries: readonly EvalQuery[]): readonly EvalQuery[] {
  const judged = queries.filter(({ judgements }) => judgements.size > 0);
  return judged.length > 0 ? judged : queries;
}
