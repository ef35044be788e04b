import type { EvalQuery } from "../../evaluate/dataset.ts";
import type { Judgements } from "../../evaluate/measures.ts";
import { allOf, type Filter } from "../../filter/filter.ts";
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

/** Documents that small collections have; questions that are asked of one. */
const sizes = [1, 5, 20, 80, 300];
const askedOfSample = 5;
/** Small collections of each size. */
const samples = 8;

/**
 * A topic as small collections have it: some of its documents, evenly spread, with those that answer a few of its
 * questions, which are asked of them beside as many of other topics. In a large collection something always lies near.
 */
export function smallTopics(topic: Topic, documentIds: readonly string[]): readonly Topic[] {
  return sizes
    .filter((size) => size < documentIds.length)
    .flatMap((size) => Array.from({ length: samples }, (_, index) => smallTopic(topic, documentIds, size, index)));
}

function smallTopic(topic: Topic, documentIds: readonly string[], size: number, index: number): Topic {
  const of = <T>(items: readonly T[]) => sample(turned(items, index, samples), askedOfSample);
  const own = of(topic.own).slice(0, Math.max(1, Math.min(askedOfSample, size)));
  const each = Math.max(1, Math.floor(size / own.length));
  const answering = own.flatMap(({ judgements }) => relevantIn(judgements).slice(0, each));
  const values = [...new Set([...answering, ...sample(turned(documentIds, index, samples), size)])];
  const documents: Filter = { op: "in", field: "document_id", values: values.slice(0, size) };
  const among = (questions: readonly EvalQuery[]) =>
    questions.map((question) => ({ ...question, filter: allOf(question.filter, documents) }));
  return { ...topic, own: among(own), foreign: among(of(topic.foreign)) };
}

const relevantIn = (judgements: Judgements): readonly string[] =>
  [...judgements].flatMap(([id, grade]) => (grade > 0 ? [id] : []));

/** The items from the `index`th of `of` places on, and then those before it. */
function turned<T>(items: readonly T[], index: number, of: number): readonly T[] {
  const start = Math.floor((index * items.length) / of);
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Collections that are missing before foreign questions can be asked: over other ones the figures mean something else. */
export const notAsked = (names: readonly string[]): readonly string[] =>
  collectionKinds
    .filter(({ name, measures }) => measures.includes("abstention") && !names.includes(name))
    .map(({ name }) => name);
