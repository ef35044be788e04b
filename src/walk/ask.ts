import type { AskedWeight, GraphStore, LinkRequest, LinkResult, NeighbourRequest } from "../ports/graph-store.ts";
import type { CallOptions, Page, PageRequest } from "../ports/store.ts";
import type { Entity, Relationship } from "../records.ts";
import type { Scope } from "../scope.ts";

/** What a walk wants to know of the graph of one tenant, as one caller sees it. */
export interface GraphAnswers {
  linkDensity(): number;
  weigh(names: readonly string[]): readonly AskedWeight[];
  neighbours(request: NeighbourRequest): readonly Relationship[];
  list(request: PageRequest & { readonly prefix?: string }): Page<Entity>;
  links(request: LinkRequest): LinkResult;
}

/** Who can be asked. */
export type Answering = Pick<GraphStore, keyof GraphAnswers>;

type Name = keyof GraphAnswers;
type Ask = { readonly [Of in Name]: { readonly of: Of; readonly args: Parameters<GraphAnswers[Of]> } }[Name];

/**
 * A computation that yields what it wants to know next, several questions at once, and is given the answers in their
 * order. It neither waits nor knows who answers: beside the graph it runs to its end within one call, over a network
 * it is driven round by round, and both come to the same.
 */
export type Asking<Result> = Generator<readonly Ask[], Result, readonly unknown[]>;

export function* ask<Of extends Name>(
  of: Of,
  ...args: Parameters<GraphAnswers[Of]>
): Asking<ReturnType<GraphAnswers[Of]>> {
  const [answer] = yield [{ of, args } as Ask];
  return answer as ReturnType<GraphAnswers[Of]>;
}

/** One question for each of these arguments, all at once. */
export function* askEach<Of extends Name>(
  of: Of,
  each: readonly Parameters<GraphAnswers[Of]>[0][],
): Asking<readonly ReturnType<GraphAnswers[Of]>[]> {
  if (each.length === 0) return [];
  return (yield each.map((one) => ({ of, args: [one] }) as unknown as Ask)) as readonly ReturnType<GraphAnswers[Of]>[];
}

/** Both, with the questions of both at once. */
export function* together<A, B>(a: Asking<A>, b: Asking<B>): Asking<readonly [A, B]> {
  let [left, right] = [a.next([]), b.next([])];
  while (!left.done || !right.done) {
    const [own, other] = [left.done ? [] : left.value, right.done ? [] : right.value];
    const answers = yield [...own, ...other];
    if (!left.done) left = a.next(answers.slice(0, own.length));
    if (!right.done) right = b.next(answers.slice(own.length));
  }
  return [left.value as A, right.value as B];
}

/** Where the answers are at hand. */
export function answeredAtOnce<Result>(asking: Asking<Result>, graph: GraphAnswers): Result {
  const answerTo = ({ of, args }: Ask): unknown => (graph[of] as (...args: readonly unknown[]) => unknown)(...args);
  let step = asking.next([]);
  while (!step.done) step = asking.next(step.value.map(answerTo));
  return step.value;
}

/** Where each answer is waited for; those to questions that were asked at once are waited for together. */
export async function answeredBy<Result>(
  asking: Asking<Result>,
  graph: Answering,
  scope: Scope,
  options?: CallOptions,
): Promise<Result> {
  const answerTo = ({ of, args }: Ask): Promise<unknown> =>
    (graph[of] as (...args: readonly unknown[]) => Promise<unknown>)(scope, ...args, options);
  let step = asking.next([]);
  while (!step.done) step = asking.next(await Promise.all(step.value.map(answerTo)));
  return step.value;
}
