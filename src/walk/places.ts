import { compareText } from "../filter/matches.ts";
import type { EntityWeight, LinkedPassage, PassageEdge } from "../ports/graph-store.ts";
import { firstOf } from "../ports/first-of.ts";
import type { HopHit, HopReason, HopRequest, Scored } from "../ports/hop.ts";
import type { Coverage } from "./coverage.ts";
import { isNamed, linkStrengths } from "./link-strength.ts";
import { scaledScore } from "./scaled-score.ts";
import type { ToldLinks } from "./told-links.ts";

/** Measured on three linked collections; the optimum is flat (see docs/decisions/0050-following-links.md). */
const seedCount = 10;
/** The seeds of the first round, unless titles change them: what may be read ahead. */
export const likelySeeds = ({ hits }: Pick<HopRequest, "hits">): readonly string[] =>
  hits.slice(0, seedCount).map((hit) => hit.chunk_id);

const candidateDepth = 100;
const titleBoost = 0.6;
/** A title that carries less of the question than a start must is a word among many: at least this part of the boost. */
const leastBoost = 0.5;
const linkWeight = 0.42;
/** A first seed mentions names that carry this share of the question: less is a word among many. */
const anchoredMass = 0.17;
/** The first of the fused list stays first when it covers this share of the question: one passage may be enough. */
const keepsFirst = 0.6;
const maxAnchorPassages = 50;
/** A title of more passages than this is no place to start from: all of them have it. */
const maxAnchorTitles = 20;
/** From a passage that covers this share of the question, what it points at itself is followed, names or not. */
const tellingShare = 0.5;
/** One of the first passages covers this share of the question: it is answered, and links can only mislead. */
const answeredShare = 0.85;
const answeredDepth = 3;
/** And this much of what the question says beside names: a passage of a long title covers most of it by the title. */
const answeredRest = 0.8;

interface Place extends Scored {
  /** Null for one that was given. */
  readonly found: LinkedPassage | null;
  base: number;
  mask: number;
  bonus: number;
  reason: HopReason | null;
}

/** What a walk knows of the question. */
export interface WalkedQuestion {
  readonly request: HopRequest;
  readonly coverage: Coverage;
  /** By normalised name. */
  readonly entities: ReadonlyMap<string, EntityWeight>;
  /** The share of the question that each carries. */
  readonly masses: ReadonlyMap<string, number>;
  /** The words that are in any of them. */
  readonly namesMask: number;
}

/** What is known of each passage of a walk, and the best link into it so far. */
export class Places {
  readonly #question: WalkedQuestion;
  readonly #best: number;
  readonly #places = new Map<string, Place>();

  constructor(question: WalkedQuestion) {
    this.#question = question;
    this.#best = question.request.hits[0]!.score;
    for (const { chunk_id, score } of question.request.hits.slice(0, candidateDepth)) this.#add(chunk_id, score, null);
  }

  /** The best passages now, best first. */
  seeds(): readonly string[] {
    return firstOf(this.#places.values(), seedCount, byTotal).map((place) => place.chunk_id);
  }

  /** Takes in passages that the walk had not seen, with the score that the legs would give them. */
  learn(passages: readonly LinkedPassage[]): void {
    for (const passage of passages) {
      const known = this.#places.get(passage.chunk_id);
      if (known) {
        known.mask = passage.mask;
        known.base = this.#baseOf(known.score, passage.entities);
      } else this.#add(passage.chunk_id, scaledScore(this.#question.request.scale, passage), passage);
    }
  }

  /**
   * Follows one round of links out of these seeds.
   * @returns whether a seed was there to start from.
   */
  follow(ids: readonly string[], told: ToldLinks, round: { readonly isFirst: boolean; readonly decay: number }) {
    const { coverage, request } = this.#question;
    const top = totalOf(this.#places.get(ids[0] ?? "")) || 1;
    const seeds = ids.flatMap((id) => {
      const place = this.#places.get(id)!;
      const isAnchored = !round.isFirst || this.#isAnchored(told.passage(id));
      if (!isAnchored && coverage.share(place.mask) < tellingShare) return [];
      return { id, isAnchored, mask: place.mask, strength: (totalOf(place) / top) * round.decay };
    });
    const strengthsOf = linkStrengths(told.weights, request.words.corpusSize);
    for (const { id, isAnchored, mask, strength } of seeds) {
      const links = told.edges(id).filter((edge) => (isAnchored || !isNamed(edge.kind)) && edge.from !== edge.to);
      const strengths = strengthsOf(links);
      links.forEach((edge, at) => this.#reach(edge, mask, strengths[at]! * strength));
    }
    return seeds.length > 0;
  }

  /** Known after the first round, in which the best passages are looked at. */
  isAnswered(): boolean {
    const { request, coverage, namesMask } = this.#question;
    const rest = answeredRest * coverage.share(~namesMask);
    return request.hits
      .slice(0, answeredDepth)
      .map((hit) => this.#places.get(hit.chunk_id)!.mask)
      .some((mask) => coverage.share(mask) >= answeredShare && coverage.share(mask & ~namesMask) >= rest);
  }

  ranked(): readonly HopHit[] {
    const { hits, depth } = this.#question.request;
    const first = hits[0]!.chunk_id;
    const keep = this.#question.coverage.share(this.#places.get(first)!.mask) >= keepsFirst ? first : null;
    const given = new Set(hits.map((hit) => hit.chunk_id));
    const wanted = new Set(firstOf(this.#places.values(), depth + 1, byTotal));
    for (const id of given) if (this.#places.has(id)) wanted.add(this.#places.get(id)!);
    return [...wanted]
      .sort((a, b) => Number(b.chunk_id === keep) - Number(a.chunk_id === keep) || byTotal(a, b))
      .filter(({ chunk_id }, rank) => rank < depth || given.has(chunk_id))
      .map((place) => ({
        chunk_id: place.chunk_id,
        score: place.score,
        found: place.found && { cosine: place.found.cosine, bm25: place.found.bm25 },
        total: totalOf(place),
        bonus: place.bonus,
        reason: place.reason,
      }));
  }

  #add(chunk_id: string, score: number, found: LinkedPassage | null): void {
    const base = this.#baseOf(score, found?.entities ?? []);
    this.#places.set(chunk_id, { chunk_id, score, found, base, mask: found?.mask ?? 0, bonus: 0, reason: null });
  }

  #baseOf(score: number, mentioned: LinkedPassage["entities"]): number {
    const { entities, masses } = this.#question;
    const title = mentioned.find((mention) => mention.title && entities.has(mention.entity));
    const carried = title ? Math.max(leastBoost, Math.min(1, masses.get(title.entity)! / anchoredMass)) : 0;
    const boost = title ? (titleBoost * carried) / Math.sqrt(Math.max(1, entities.get(title.entity)!.titled)) : 0;
    return Math.max(0, (score / this.#best + 0.5) / 1.5) + boost;
  }

  /** A seed of the first round mentions names of the question that carry a good part of its weight. */
  #isAnchored(passage: LinkedPassage | undefined): boolean {
    const { entities, masses } = this.#question;
    const mass = (passage?.entities ?? [])
      .filter(({ entity, title }) => {
        const weight = entities.get(entity);
        if (weight === undefined) return false;
        return (title && weight.titled <= maxAnchorTitles) || weight.passages <= maxAnchorPassages;
      })
      .reduce((sum, { entity }) => sum + masses.get(entity)!, 0);
    return mass >= anchoredMass;
  }

  /** @param from the words of the passage that the link leaves. */
  #reach(edge: PassageEdge, from: number, strength: number): void {
    const { coverage } = this.#question;
    const place = this.#places.get(edge.to)!;
    const residual = coverage.share(place.mask & ~from);
    const union = coverage.share(place.mask | from);
    const gain = strength * (1 + 2 * residual + union);
    const bonus = linkWeight * gain;
    if (bonus < place.bonus || (bonus === place.bonus && place.reason !== null)) return;
    place.bonus = bonus;
    place.reason = { from_chunk_id: edge.from, entity: edge.entity, link: edge.kind, strength: gain };
  }
}

const totalOf = (place: Place | undefined): number => (place ? place.base + place.bonus : 0);

const byTotal = (a: Place, b: Place): number => totalOf(b) - totalOf(a) || compareText(a.chunk_id, b.chunk_id);
