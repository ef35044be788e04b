import type { GraphStore, LinkResult } from "../ports/graph-store.ts";
import type { HopRequest, HopResult } from "../ports/hop.ts";
import { answeredBy, ask, type Answering, type Asking } from "./ask.ts";
import { coverageOf, maskedNames, sharesOf, type QuestionWords } from "./coverage.ts";
import { Places, type WalkedQuestion } from "./places.ts";
import { questionEntities } from "./question-entities.ts";
import { toldLinks, type ToldLinks } from "./told-links.ts";

/** Measured on three linked collections; the optimum is flat (see docs/decisions/0050-following-links.md). */
const secondRound = 0.7;
const maxQuestionTerms = 25;
const minTitleLinks = 0.2;
export const linkLimits = { maxShared: 20, maxSubname: 50, maxPassages: 200 };

/**
 * Follows the links that cover what the question still leaves open: from the best passages that mention a name of the
 * question, over names to other passages, two rounds. A passage gains by how much of the question it covers beyond
 * the passage it was reached from. Passages never lose; where a gate is closed the order stays as it was.
 */
export function* hop(request: HopRequest, { analyze, common }: QuestionWords): Asking<HopResult> {
  if ((yield* ask("linkDensity")) < minTitleLinks) return closed("the passages hardly name each other");
  const coverage = coverageOf(request.words, common);
  if (coverage.terms.length === 0) return closed("the question has no words to cover");
  if (coverage.terms.length > maxQuestionTerms) return closed("the question is too long to be one");
  if ((request.hits[0]?.score ?? 0) <= 0) return closed("no passage stands out");
  const named = yield* questionEntities(request.question);
  if (named.length === 0) return closed("the question names nothing that a passage mentions");

  const entities = new Map(named.map((weight) => [weight.entity, weight]));
  const masks = maskedNames(named, coverage, analyze);
  const namesMask = [...masks.values()].reduce((all, mask) => all | mask, 0);
  const question = { request, coverage, entities, masses: sharesOf(masks, coverage), namesMask };
  const places = new Places(question);
  // Passages whose title the question names start ahead, whatever the legs said.
  const titled = named.filter((weight) => weight.titled > 0).map((weight) => weight.entity);
  if (titled.length > 0) places.learn((yield* linksOf(question, [], titled)).passages);
  const told = toldLinks();
  if (!(yield* round(question, places, told, { isFirst: true, decay: 1 })))
    return closed("no good passage mentions a name of the question");
  if (places.isAnswered()) return closed("one passage covers the question");
  yield* round(question, places, told, { isFirst: false, decay: secondRound });
  return { hits: places.ranked(), closed: null, entities: [...entities.keys()] };
}

/** Over a graph whose answers are waited for. */
export const hopOver =
  (graph: Answering, words: QuestionWords): GraphStore["hop"] =>
  (scope, request, options) =>
    answeredBy(hop(request, words), graph, scope, options);

const closed = (why: string): HopResult => ({ hits: [], closed: why, entities: [] });

function* round(
  question: WalkedQuestion,
  places: Places,
  told: ToldLinks,
  which: { readonly isFirst: boolean; readonly decay: number },
): Asking<boolean> {
  const seeds = places.seeds();
  const unknown = told.unknown(seeds);
  if (unknown.length > 0) {
    const result = yield* linksOf(question, unknown, []);
    places.learn(result.passages);
    told.take(unknown, result);
  }
  return places.follow(seeds, told, which);
}

function linksOf(
  { request, coverage, entities }: WalkedQuestion,
  seeds: readonly string[],
  titled: readonly string[],
): Asking<LinkResult> {
  const { filter, vector } = request;
  const terms = coverage.terms.map(({ term }) => term);
  return ask("links", { seeds, titled, except: [...entities.keys()], filter, terms, vector, ...linkLimits });
}
