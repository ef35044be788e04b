import type { Restriction } from "./candidate.ts";
import type { Nearest } from "./compare.ts";
import { recent, type Corpus, type Passage, type Question } from "./corpus.ts";

const count = 10;

/** The true ten nearest of the first `questions` questions, by comparing each with every passage. */
export function trueNearest(corpus: Corpus, questions: number): Nearest {
  const asked = Array.from({ length: questions }, (_, index) => corpus.question(index));
  const lists = new Map<string, { readonly id: string; readonly score: number }[]>();
  const restrictions: readonly Restriction[] = ["all", "group", "recent"];
  for (let at = 0; at < corpus.size; at += 1) {
    const passage = corpus.passage(at);
    asked.forEach((question, index) => {
      const score = dot(question.vector, passage.vector);
      for (const restriction of restrictions.filter((one) => allows(one, question, passage)))
        keepBest(lists, `${index} ${restriction}`, { id: passage.id, score });
    });
  }
  return (question, restriction) =>
    question < questions ? (lists.get(`${question} ${restriction}`) ?? []).map(({ id }) => id) : null;
}

function allows(restriction: Restriction, { group, category }: Question, passage: Passage): boolean {
  if (restriction === "all") return true;
  if (restriction === "group") return passage.group === group;
  return passage.category === category && passage.time >= recent.from;
}

function keepBest(
  lists: Map<string, { readonly id: string; readonly score: number }[]>,
  key: string,
  one: { readonly id: string; readonly score: number },
): void {
  const best = lists.get(key) ?? [];
  if (best.length === count && best.at(-1)!.score >= one.score) return;
  const place = best.findIndex(({ score }) => score < one.score);
  best.splice(place < 0 ? best.length : place, 0, one);
  if (best.length > count) best.pop();
  lists.set(key, best);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
