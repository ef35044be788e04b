import { evidenceSentence } from "../graph/evidence-sentence.ts";
import { hop, type HopHit } from "../graph/hop.ts";
import type { Store } from "../ports/store.ts";
import type { Chunk, HopPath } from "../records.ts";
import { fusionOf } from "./find-hits.ts";
import { fuseUnlisted, scoreUnlisted } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import type { GraphStage, GraphStageInput, GraphStageResult } from "./graph-stage.ts";

/** Of the passages that links led to, those are read that stand among as many as anyone looks at. */
const kept = 100;

/** Paths are spelt out for as many hits as anyone looks at. */
const explained = 50;

type Ports = Pick<Store, "graph" | "chunks">;

/** The graph leg of `mix`: lifts passages that the best ones lead to, and says by which name and sentence. */
export function hopStage(store: Ports, analyze: (text: string) => readonly string[]): GraphStage {
  return async (input) => {
    const { scope, plan, found, hits, vector, signal } = input;
    if (plan.legs.graph?.kind !== "hops") return { hits, warnings: [] };
    if (found.text === null || found.text.error !== null) return { hits, warnings: [] };
    const result = await hop({
      graph: store.graph,
      scope,
      question: plan.query,
      filter: plan.filter,
      vector,
      hits: hits.map(({ candidate, score }) => ({ chunk_id: candidate.chunk.chunk_id, score })),
      text: found.text,
      rescore: (passages) => scoreUnlisted(found, passages, fusionOf(plan)),
      analyze,
      signal,
    });
    return { hits: result.closed === null ? await linked(store, input, result.hits) : hits, warnings: [] };
  };
}

/** The order after links were followed, as hits: those that the legs had not found are read from the store. */
async function linked(
  { chunks }: Ports,
  { scope, found, plan, hits: before, signal }: GraphStageInput,
  ranked: readonly HopHit[],
): Promise<GraphStageResult["hits"]> {
  const known = new Map(before.map((hit) => [hit.candidate.chunk.chunk_id, hit]));
  const best = ranked.slice(0, Math.max(kept, before.length));
  const strangers = best.filter((hit) => !known.has(hit.chunk_id));
  const read = await chunks.get(
    scope,
    strangers.map((hit) => hit.chunk_id),
    { signal },
  );
  const contents = new Map([...before.map((hit) => hit.candidate.chunk), ...read].map((one) => [one.chunk_id, one]));
  const hitOf = (hit: HopHit): FusedHit | undefined => {
    const chunk = contents.get(hit.chunk_id);
    if (known.has(hit.chunk_id) || !chunk || !hit.found) return known.get(hit.chunk_id);
    const { cosine, bm25 } = hit.found;
    return fuseUnlisted(found, [{ chunk, cosine, bm25, vectorRank: null, textRank: null }], fusionOf(plan))[0];
  };
  return best.flatMap((hit, index) => {
    const own = hitOf(hit);
    if (!own) return [];
    const path = hit.reason && index < explained ? pathOf(hit, contents) : undefined;
    return { ...own, score: hit.total, graph: hit.bonus, ...(path ? { path } : {}) };
  });
}

function pathOf({ chunk_id, reason }: HopHit, contents: ReadonlyMap<string, Chunk>): HopPath {
  const { from_chunk_id, entity, link, strength } = reason!;
  const texts = [from_chunk_id, chunk_id].map((id) => contents.get(id)?.content ?? "");
  return { from_chunk_id, entity, link, strength, sentence: evidenceSentence(texts, entity) };
}
