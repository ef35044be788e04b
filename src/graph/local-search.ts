import type { LinkedPassage, LinkRequest } from "../ports/graph-store.ts";
import type { HopHit, HopResult } from "../ports/hop.ts";
import { answeredBy } from "../walk/ask.ts";
import { coverageOf, maskedNames, sharesOf, type Coverage } from "../walk/coverage.ts";
import { questionEntities, type QuestionEntity } from "../walk/question-entities.ts";
import { scaledScore } from "../walk/scaled-score.ts";
import type { WordedSearchInput } from "./search-input.ts";

/** Passages of the question's names that are read, those of the rarest names first. */
const mostPassages = 100;
const seeds = 10;
/** A passage gains up to this for the names it mentions, by their share of the question. */
const mentionWeight = 0.6;
/** A neighbour gains this share of what the passage gained that it is linked from. */
const neighbourShare = 0.5;
const limits = { maxShared: 20, maxSubname: 50 };

/**
 * The neighbourhood of the names that a question mentions: the passages that mention them, and those that the best of
 * these are linked to. Passages gain by it and never lose; without a known name the order stays as it was.
 */
export async function localSearch(input: WordedSearchInput): Promise<HopResult> {
  const { graph, scope, question, signal } = input;
  const asked = await answeredBy(questionEntities(question), graph, scope, { signal });
  if (asked.length === 0)
    return { hits: [], closed: "the question names nothing that a passage mentions", entities: [] };
  const names = asked.toSorted((a, b) => a.passages - b.passages).map((weight) => weight.entity);
  const entities = await graph.entities(scope, names, { signal });
  const ids = [...new Set(entities.flatMap((entity) => entity.provenance))].slice(0, mostPassages);
  const coverage = coverageOf(input.text, input.common);
  const round = (request: Pick<LinkRequest, "seeds" | "maxPassages">) =>
    graph.links(
      scope,
      {
        ...limits,
        ...request,
        titled: names,
        except: names,
        filter: input.filter,
        terms: coverage.terms.map(({ term }) => term),
        vector: input.vector,
      },
      { signal },
    );
  const mentioning = await round({ seeds: ids, maxPassages: 0 });
  const ranking = openRanking(input, coverage, asked);
  ranking.mentioned(mentioning.passages);
  const around = await round({ seeds: ranking.best(seeds), maxPassages: mostPassages });
  ranking.linked(around.passages, around.edges);
  return { hits: ranking.ranked(), closed: null, entities: names };
}

type Edge = { readonly from: string; readonly to: string; readonly entity: string; readonly kind: string };

function openRanking(input: WordedSearchInput, coverage: Coverage, asked: readonly QuestionEntity[]) {
  const top = input.hits[0]?.score ?? 0;
  const shares = sharesOf(maskedNames(asked, coverage, input.analyze), coverage);
  const direct = asked.filter(({ isNamed }) => isNamed);
  const whole = direct.reduce((sum, { entity }) => sum + shares.get(entity)!, 0) || 1;
  const normalized = (score: number): number => Math.max(0, top > 0 ? (score / top + 0.5) / 1.5 : 0);
  const hits = new Map<string, HopHit>(
    input.hits.map((hit) => [
      hit.chunk_id,
      { ...hit, total: normalized(hit.score), found: null, bonus: 0, reason: null },
    ]),
  );

  function learn(passages: readonly LinkedPassage[]): void {
    for (const passage of passages) {
      const { chunk_id } = passage;
      if (hits.has(chunk_id)) continue;
      const score = scaledScore(input.scale, passage);
      hits.set(chunk_id, { chunk_id, score, total: normalized(score), found: passage, bonus: 0, reason: null });
    }
  }

  function lift(id: string, bonus: number, reason: HopHit["reason"]): void {
    const hit = hits.get(id)!;
    if (bonus <= hit.bonus) return;
    hits.set(id, { ...hit, bonus, total: normalized(hit.score) + bonus, reason });
  }

  const ranked = (): readonly HopHit[] =>
    [...hits.values()].toSorted((a, b) => b.total - a.total || (a.chunk_id < b.chunk_id ? -1 : 1));

  return {
    mentioned: (passages: readonly LinkedPassage[]): void => {
      learn(passages);
      for (const { chunk_id, entities } of passages) {
        const [first] = entities;
        if (!first) continue;
        // A passage with both forms of a name has said it once.
        const strength = Math.min(1, entities.reduce((sum, { entity }) => sum + shares.get(entity)!, 0) / whole);
        const reason = { from_chunk_id: chunk_id, entity: first.entity, link: "mention" as const, strength };
        lift(chunk_id, mentionWeight * strength, reason);
      }
    },
    linked: (passages: readonly LinkedPassage[], edges: readonly Edge[]): void => {
      learn(passages);
      const from = new Map(hits);
      for (const edge of edges) {
        const strength = neighbourShare * from.get(edge.from)!.bonus;
        lift(edge.to, strength, {
          from_chunk_id: edge.from,
          entity: edge.entity,
          link: edge.kind as "forward",
          strength,
        });
      }
    },
    best: (count: number): readonly string[] =>
      ranked()
        .filter((hit) => hit.bonus > 0)
        .slice(0, count)
        .map((hit) => hit.chunk_id),
    ranked,
  };
}
