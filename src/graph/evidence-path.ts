import type { CallOptions } from "../ports/store.ts";
import type { Entity, Mention } from "../records.ts";
import type { Scope } from "../scope.ts";
import { nameKey } from "../text/name-key.ts";
import { findMeant, sentenceOf, type EvidenceSentence, type GraphReads } from "./entity-page.ts";
import { evidenceSentence } from "./evidence-sentence.ts";
import { likeness } from "./find-entity.ts";
import { sensesOf } from "./senses.ts";

/** One passage that mentions two names, with the sentences that do. */
export interface PathStep extends EvidenceSentence {
  readonly from: string;
  readonly to: string;
}

export interface EvidencePath {
  readonly from: string;
  readonly to: string;
  readonly found: boolean;
  /** From the first name to the second; where there is no path, to `closest`. */
  readonly steps: readonly PathStep[];
  /** The name reached that is most like the one looked for; null where a path was found. */
  readonly closest: string | null;
}

/** Names in more passages than this join everything with everything, so no path leads over them. */
const mostPassages = 50;
/** Names that are followed in each round, the rarest first. */
const mostNames = 300;
export const mostSteps = 4;

/** How a name was reached: over which passage, from which name. */
interface Arrival {
  readonly from: string;
  readonly chunkId: string;
}

/**
 * The fewest passages that lead from one name to another, each of which mentions the name before and the one after.
 * @throws HybridRAGError `not_found` for a name that the graph does not know, with the nearest names.
 */
export async function evidencePath(
  reads: GraphReads,
  scope: Scope,
  names: { readonly from: string; readonly to: string; readonly maxSteps?: number },
  options?: CallOptions,
): Promise<EvidencePath> {
  const [{ entity: from }, { entity: to, isNarrowed }] = await Promise.all([
    findMeant(reads, scope, names.from, options),
    findMeant(reads, scope, names.to, options),
  ]);
  const target = to.normalized_name;
  const meant = isNarrowed ? new Set(to.provenance) : null;
  const isMeant = (entity: string, chunkId: string): boolean => entity !== target || (meant?.has(chunkId) ?? true);
  const reached = new Map<string, Arrival | null>([[from.normalized_name, null]]);
  let frontier: readonly Entity[] = [from];
  const steps = Math.min(names.maxSteps ?? mostSteps, mostSteps);
  for (let step = 0; step < steps && frontier.length > 0 && !reached.has(target); step++) {
    const fresh = await spread(reads, scope, frontier, reached, isMeant, options);
    if (reached.has(target)) break;
    const known = await reads.graph.entities(scope, fresh, options);
    const rarest = known
      .filter(({ provenance }) => provenance.length <= mostPassages)
      .toSorted((a, b) => a.provenance.length - b.provenance.length || (a.normalized_name < b.normalized_name ? -1 : 1))
      .slice(0, mostNames);
    frontier = await Promise.all(rarest.map((entity) => ofSense(reads, scope, entity, reached, options)));
  }
  const found = reached.has(target);
  const end = found ? target : closestTo(target, [...reached.keys()]);
  const path = await spelledOut(reads, scope, arrivalsTo(end, reached), options);
  return { from: from.normalized_name, to: target, found, steps: path, closest: found ? null : end };
}

/** Without passages of another sense than that of the passage over which the entity was reached. */
async function ofSense(
  reads: GraphReads,
  scope: Scope,
  entity: Entity,
  reached: ReadonlyMap<string, Arrival | null>,
  options?: CallOptions,
): Promise<Entity> {
  const senses = await sensesOf(reads, scope, entity, options);
  const own = senses.find(({ passages }) => passages.includes(reached.get(entity.normalized_name)?.chunkId ?? ""));
  if (!own) return entity;
  const others = new Set(senses.filter((sense) => sense !== own).flatMap(({ passages }) => passages));
  return { ...entity, provenance: entity.provenance.filter((id) => !others.has(id)) };
}

/** Adds the names of all passages that mention one of the frontier; returns those that are new. */
async function spread(
  { graph }: GraphReads,
  scope: Scope,
  frontier: readonly Entity[],
  reached: Map<string, Arrival | null>,
  isMeant: (entity: string, chunkId: string) => boolean,
  options?: CallOptions,
): Promise<readonly string[]> {
  const sources = new Map<string, string>();
  for (const { normalized_name, provenance } of frontier) {
    for (const id of provenance) if (!sources.has(id)) sources.set(id, normalized_name);
  }
  const fresh: string[] = [];
  for (const { entity, chunk_id } of await graph.mentions(scope, [...sources.keys()], options)) {
    if (reached.has(entity) || !isMeant(entity, chunk_id)) continue;
    reached.set(entity, { from: sources.get(chunk_id)!, chunkId: chunk_id });
    fresh.push(entity);
  }
  return fresh;
}

const closestTo = (target: string, names: readonly string[]): string =>
  names.toSorted((a, b) => likeness(b, target) - likeness(a, target) || (a < b ? -1 : 1))[0]!;

/** An entity's name, and its names as passages write it. */
const namesOf = (entity: string, mentions: readonly Mention[]): readonly string[] => [
  ...new Set([entity, ...mentions.filter((one) => one.entity === entity).map((one) => nameKey(one.name))]),
];

type Hop = Arrival & { readonly to: string };

function arrivalsTo(end: string, reached: ReadonlyMap<string, Arrival | null>): readonly Hop[] {
  const hops: Hop[] = [];
  for (let to = end, arrival = reached.get(to); arrival; to = arrival.from, arrival = reached.get(to)) {
    hops.unshift({ ...arrival, to });
  }
  return hops;
}

async function spelledOut(
  { chunks, graph }: GraphReads,
  scope: Scope,
  hops: readonly Hop[],
  options?: CallOptions,
): Promise<readonly PathStep[]> {
  const ids = hops.map((hop) => hop.chunkId);
  const [read, mentions] = await Promise.all([chunks.get(scope, ids, options), graph.mentions(scope, ids, options)]);
  const byId = new Map(read.map((chunk) => [chunk.chunk_id, chunk]));
  return hops.flatMap(({ from, to, chunkId }) => {
    const chunk = byId.get(chunkId);
    if (!chunk) return [];
    const texts = [chunk.content];
    const [names, others] = [from, to].map((name) => namesOf(name, mentions));
    const both = evidenceSentence(texts, names!, others);
    const each = [names!, others!].map((wanted) => evidenceSentence(texts, wanted));
    const sentences = both === "" ? each.filter((one) => one !== "") : [both];
    return { ...sentenceOf(chunk, [...new Set(sentences)].join(" … ")), from, to };
  });
}
