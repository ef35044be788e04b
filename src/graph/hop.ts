import type { Filter } from "../filter/filter.ts";
import { compareText } from "../filter/matches.ts";
import type { TextLegReport } from "../ports/chunk-store.ts";
import type {
  EntityWeight,
  ExplicitLinkKind,
  GraphStore,
  LinkedPassage,
  LinkKind,
  LinkResult,
  NamedLinkKind,
  PassageEdge,
} from "../ports/graph-store.ts";
import type { Scope } from "../scope.ts";
import { analyzedNames, coverageOf, type Coverage } from "./coverage.ts";
import { questionEntities, type QuestionEntity } from "./question-entities.ts";

/** A passage with its fused score before links are followed. */
export interface Scored {
  readonly chunk_id: string;
  readonly score: number;
}

/**
 * Why a passage was lifted: the seed, the name that joins the two, the kind of link, and what it added. mention: it
 * mentions a name of the question itself. community: it is of the community that the first passage is of.
 */
export interface HopReason {
  readonly from_chunk_id: string;
  readonly entity: string;
  readonly link: LinkKind | "mention" | "community";
  readonly strength: number;
}

export interface HopHit extends Scored {
  /** What orders now: normalised score, title match and link bonus. */
  readonly total: number;
  /** What links told of it; null for one that was given. */
  readonly found: LinkedPassage | null;
  /** What following links added to `total`. */
  readonly bonus: number;
  readonly reason: HopReason | null;
}

export interface HopResult {
  readonly hits: readonly HopHit[];
  /** Why the stage did nothing, for explain; null when it ran. */
  readonly closed: string | null;
  readonly entities: readonly string[];
}

export interface HopInput {
  readonly graph: GraphStore;
  readonly scope: Scope;
  readonly question: string;
  readonly filter: Filter | null;
  readonly vector: Float32Array | null;
  /** The fused list, best first. */
  readonly hits: readonly Scored[];
  readonly text: TextLegReport;
  /** The fused score of passages that no leg found, by the same moments. */
  readonly rescore: (passages: readonly LinkedPassage[]) => readonly number[];
  readonly analyze: (text: string) => readonly string[];
  /** Terms that say nothing about what is asked, see `commonTerms`. */
  readonly common: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** Measured on three linked collections; the optimum is flat (see docs/decisions/0050-following-links.md). */
const seedCount = 10;
const candidateDepth = 100;
const titleBoost = 0.6;
const linkWeight = 0.42;
const secondRound = 0.7;
/** A first seed mentions names that carry this share of the question: less is a word among many. */
const anchoredMass = 0.17;
/** The first of the fused list stays first when it covers this share of the question: one passage may be enough. */
const keepsFirst = 0.6;
const maxQuestionTerms = 25;
const minTitleLinks = 0.2;
const limits = { maxShared: 20, maxSubname: 50, maxPassages: 200 };
const maxAnchorPassages = 50;
/** A title of more passages than this is no place to start from: all of them have it. */
const maxAnchorTitles = 20;
/** From a passage that covers this share of the question, what it points at itself is followed, names or not. */
const tellingShare = 0.5;
/** One of the first passages covers this share of the question: it is answered, and links can only mislead. */
const answeredShare = 0.85;
const answeredDepth = 3;
/**
 * A page may be linked for many reasons, an answer or a ticket for one. Measured on hyperlinks of three documentations;
 * the optimum is flat.
 */
const explicitWeights: Readonly<Record<ExplicitLinkKind, number>> = {
  hyperlink: 0.7,
  reply: 1,
  citation: 1,
  ticket: 1,
  reference: 0.7,
  file: 0.7,
};

/**
 * Follows the links that cover what the question still leaves open: from the best passages that mention a name of the
 * question, over names to other passages, two rounds. A passage gains by how much of the question it covers beyond
 * the passage it was reached from. Passages never lose; where a gate is closed the order stays as it was.
 */
export async function hop(input: HopInput): Promise<HopResult> {
  const options = { signal: input.signal };
  const density = await input.graph.linkDensity(input.scope, options);
  if (density < minTitleLinks) return unchanged(input, "the passages hardly name each other");
  const coverage = coverageOf(input.text, input.common);
  if (coverage.terms.length === 0) return unchanged(input, "the question has no words to cover");
  if (coverage.terms.length > maxQuestionTerms) return unchanged(input, "the question is too long to be one");
  const best = input.hits[0]?.score ?? 0;
  if (best <= 0) return unchanged(input, "no passage stands out");
  const entities = await questionEntities(input.graph, input.scope, input.question, options);
  if (entities.length === 0) return unchanged(input, "the question names nothing that a passage mentions");

  const walk = new Walk(input, coverage, entities, best);
  await walk.addTitled();
  const anchored = await walk.round(1);
  if (!anchored) return unchanged(input, "no good passage mentions a name of the question");
  if (walk.isAnswered()) return unchanged(input, "one passage covers the question");
  await walk.round(secondRound);
  return { hits: walk.ranked(), closed: null, entities: entities.map((weight) => weight.entity) };
}

const unchanged = (input: HopInput, closed: string): HopResult => ({
  hits: input.hits.map((hit) => ({ ...hit, total: hit.score, found: null, bonus: 0, reason: null })),
  closed,
  entities: [],
});

interface Place {
  readonly scored: Scored;
  readonly found: LinkedPassage | null;
  base: number;
  mask: number;
  bonus: number;
  reason: HopReason | null;
}

/** The state of one walk: what is known of each passage, and the best link into it so far. */
class Walk {
  readonly #input: HopInput;
  readonly #coverage: Coverage;
  readonly #entities: ReadonlyMap<string, EntityWeight>;
  readonly #entityMass: ReadonlyMap<string, number>;
  readonly #best: number;
  readonly #places = new Map<string, Place>();

  constructor(input: HopInput, coverage: Coverage, entities: readonly QuestionEntity[], best: number) {
    this.#input = input;
    this.#coverage = coverage;
    this.#entities = new Map(entities.map((weight) => [weight.entity, weight]));
    this.#entityMass = analyzedNames(entities, coverage, input.analyze);
    this.#best = best;
    for (const hit of input.hits.slice(0, candidateDepth)) this.#place(hit, null);
  }

  /** Passages whose title the question names start ahead, whatever the legs said. */
  async addTitled(): Promise<void> {
    const titled = [...this.#entities.values()].filter((weight) => weight.titled > 0).map((weight) => weight.entity);
    if (titled.length > 0) this.#learn(await this.#links([], titled));
  }

  /** @returns whether a seed was there to start from. */
  async round(decay: number): Promise<boolean> {
    const first = decay === 1;
    const ordered = [...this.#places.entries()].sort(byTotal).slice(0, seedCount);
    const ids = ordered.map(([id]) => id);
    const result = await this.#links(ids, []);
    this.#learn(result);
    const weights = new Map(result.weights.map((weight) => [weight.entity, weight]));
    const passages = new Map(result.passages.map((passage) => [passage.chunk_id, passage]));
    const anchored = new Set(ids.filter((id) => !first || this.#isAnchored(passages.get(id))));
    const seeds = ordered.filter(([id, place]) => anchored.has(id) || this.#coverage.share(place.mask) >= tellingShare);
    const top = totalOf(ordered[0]?.[1]) || 1;
    const strength = new Map(seeds.map(([id, place]) => [id, (totalOf(place) / top) * decay]));
    const mayLead = ({ from, kind }: PassageEdge): boolean => anchored.has(from) || !isNamed(kind);
    const links = result.edges.filter((edge) => strength.has(edge.from) && mayLead(edge) && edge.from !== edge.to);
    const fans = Map.groupBy(
      links.filter(({ kind }) => !isNamed(kind)),
      fanOf,
    );
    const breadthOf = (edge: PassageEdge): number =>
      isNamed(edge.kind)
        ? this.#breadth(edge.kind, weights.get(edge.entity))
        : explicitWeights[edge.kind] / Math.sqrt(fans.get(fanOf(edge))!.length);
    const gains = links.map((edge) => this.#gain(edge, breadthOf(edge) * strength.get(edge.from)!));
    links.forEach((edge, index) => this.#reach(edge, gains[index]!));
    return seeds.length > 0;
  }

  /** Known after the first round, in which the best passages are looked at. */
  isAnswered(): boolean {
    const first = this.#input.hits.slice(0, answeredDepth).map((hit) => this.#places.get(hit.chunk_id)!);
    return first.some(({ mask }) => this.#coverage.share(mask) >= answeredShare);
  }

  ranked(): readonly HopHit[] {
    const first = this.#input.hits[0]!.chunk_id;
    const keep = this.#coverage.share(this.#places.get(first)!.mask) >= keepsFirst ? first : null;
    return [...this.#places.entries()]
      .sort((a, b) => Number(b[0] === keep) - Number(a[0] === keep) || byTotal(a, b))
      .map(([, place]) => ({
        ...place.scored,
        found: place.found,
        total: totalOf(place),
        bonus: place.bonus,
        reason: place.reason,
      }));
  }

  #links(seeds: readonly string[], titled: readonly string[]): Promise<LinkResult> {
    const { graph, scope, filter, vector, signal } = this.#input;
    const terms = this.#coverage.terms.map(({ term }) => term);
    return graph.links(
      scope,
      { seeds, titled, except: [...this.#entities.keys()], filter, terms, vector, ...limits },
      { signal },
    );
  }

  /** Takes in passages that the walk had not seen, with the score that the legs would give them. */
  #learn(result: LinkResult): void {
    const strangers: LinkedPassage[] = [];
    for (const passage of result.passages) {
      const known = this.#places.get(passage.chunk_id);
      if (!known) strangers.push(passage);
      else Object.assign(known, { mask: passage.mask, base: this.#baseOf(known.scored, passage.entities) });
    }
    const scores = this.#input.rescore(strangers);
    strangers.forEach((passage, index) => this.#place({ chunk_id: passage.chunk_id, score: scores[index]! }, passage));
  }

  #place(scored: Scored, found: LinkedPassage | null): void {
    const base = this.#baseOf(scored, found?.entities ?? []);
    this.#places.set(scored.chunk_id, { scored, found, base, mask: found?.mask ?? 0, bonus: 0, reason: null });
  }

  #baseOf(scored: Scored, entities: LinkedPassage["entities"]): number {
    const title = entities.find((mention) => mention.title && this.#entities.has(mention.entity));
    const boost = title ? titleBoost / Math.sqrt(Math.max(1, this.#entities.get(title.entity)!.titled)) : 0;
    return Math.max(0, (scored.score / this.#best + 0.5) / 1.5) + boost;
  }

  /** A seed of the first round mentions names of the question that carry a good part of its weight. */
  #isAnchored(passage: LinkedPassage | undefined): boolean {
    const mass = (passage?.entities ?? [])
      .filter(({ entity, title }) => {
        const weight = this.#entities.get(entity);
        if (weight === undefined) return false;
        return (title && weight.titled <= maxAnchorTitles) || weight.passages <= maxAnchorPassages;
      })
      .reduce((sum, { entity }) => sum + this.#entityMass.get(entity)!, 0);
    return mass >= anchoredMass;
  }

  #gain(edge: PassageEdge, strength: number): number {
    const from = this.#places.get(edge.from)!.mask;
    const to = this.#places.get(edge.to)!.mask;
    const residual = this.#coverage.share(to & ~from);
    const union = this.#coverage.share(to | from);
    return strength * (1 + 2 * residual + union);
  }

  /** How much a link of this kind over this name says: rare names say more. */
  #breadth(kind: NamedLinkKind, weight: EntityWeight | undefined): number {
    const passages = Math.max(1, weight?.passages ?? 1);
    const total = this.#input.text.corpusSize;
    const rarity = (Math.log(1 + total / passages) / Math.log(1 + total)) ** 1.5;
    switch (kind) {
      case "forward":
        return 1 / Math.sqrt(Math.max(1, weight?.titled ?? 1));
      case "shared":
        return 0.7 * rarity;
      case "back":
      case "subname":
        return 0.5 * rarity;
    }
  }

  #reach(edge: PassageEdge, gain: number): void {
    const place = this.#places.get(edge.to)!;
    const bonus = linkWeight * gain;
    if (bonus < place.bonus || (bonus === place.bonus && place.reason !== null)) return;
    place.bonus = bonus;
    place.reason = { from_chunk_id: edge.from, entity: edge.entity, link: edge.kind, strength: gain };
  }
}

const isNamed = (kind: LinkKind): kind is NamedLinkKind => !(kind in explicitWeights);

/** All that one address of one passage leads to: the more passages it means, the less it says of each. */
const fanOf = ({ from, entity, kind }: PassageEdge): string => JSON.stringify([from, entity, kind]);

const totalOf = (place: Place | undefined): number => (place ? place.base + place.bonus : 0);

const byTotal = (a: readonly [string, Place], b: readonly [string, Place]): number =>
  totalOf(b[1]) - totalOf(a[1]) || compareText(a[0], b[0]);
