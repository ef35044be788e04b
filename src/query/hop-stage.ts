import { evidenceSentence } from "../graph/evidence-sentence.ts";
import { hop, type HopHit } from "../graph/hop.ts";
import type { GraphStore } from "../ports/graph-store.ts";
import type { HopPath } from "../records.ts";
import { fusionOf } from "./find-hits.ts";
import { fuseUnlisted } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import type { GraphStage, GraphStageInput, GraphStageResult } from "./graph-stage.ts";

/** Paths are spelt out for as many hits as anyone looks at. */
const explained = 50;

/** The graph leg of `mix`: lifts passages that the best ones lead to, and says by which name and sentence. */
export function hopStage(graph: GraphStore, analyze: (text: string) => readonly string[]): GraphStage {
  return async (input) => {
    const { scope, plan, found, hits, vector, signal } = input;
    if (found.text === null || found.text.error !== null || plan.legs.graph?.kind !== "hops")
      return { hits, warnings: [] };
    const known = new Map(hits.map((hit) => [hit.candidate.chunk.chunk_id, hit]));
    const result = await hop({
      graph,
      scope,
      question: plan.query,
      filter: plan.filter,
      vector,
      hits,
      text: found.text,
      rescore: (candidates) => fuseUnlisted(found, candidates, fusionOf(plan)),
      analyze,
      signal,
    });
    return result.closed === null ? { hits: linked(input, result.hits, known), warnings: [] } : { hits, warnings: [] };
  };
}

function linked(
  input: GraphStageInput,
  hits: readonly HopHit[],
  known: ReadonlyMap<string, FusedHit>,
): GraphStageResult["hits"] {
  const places = new Map(hits.map((hit) => [hit.candidate.chunk.chunk_id, hit]));
  return hits.map((hit, index): FusedHit => {
    const id = hit.candidate.chunk.chunk_id;
    const before = known.get(id) ?? fuseUnlisted(input.found, [hit.candidate], fusionOf(input.plan))[0]!;
    const path = hit.reason && index < explained ? pathOf(hit, places) : undefined;
    return { ...before, score: hit.total, graph: hit.bonus, ...(path ? { path } : {}) };
  });
}

function pathOf({ candidate, reason }: HopHit, places: ReadonlyMap<string, HopHit>): HopPath {
  const { from_chunk_id, entity, link, strength } = reason!;
  const from = places.get(from_chunk_id)?.candidate.chunk.content ?? "";
  return { from_chunk_id, entity, link, strength, sentence: evidenceSentence([from, candidate.chunk.content], entity) };
}
