import type { CallOptions } from "../ports/store.ts";
import type { Entity } from "../records.ts";
import type { Scope } from "../scope.ts";
import { findMeant, type GraphReads } from "./entity-page.ts";
import { likeness } from "./find-entity.ts";
import { spelledOut, type Hop, type Origin, type PathStep } from "./path-steps.ts";
import { pointedPassages } from "./pointed-passages.ts";
import { sensesOf } from "./senses.ts";

export interface EvidencePath {
  /** Normalised, as those of the steps; the names beside them are as texts write them. */
  readonly from: string;
  readonly to: string;
  readonly from_name: string;
  readonly to_name: string;
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
/** Passages in each round whose own links are followed, and passages behind each of these at most. */
const mostPointing = 300;
const mostPointed = 20;
export const mostSteps = 4;

/** How names and passages were reached; the name that the search begins with was reached from nowhere. */
interface Reached {
  readonly names: Map<string, Hop | null>;
  /** Passages that another one points at, by their ids. */
  readonly pointed: Map<string, Hop>;
  /** Passages whose names are known. */
  readonly read: Set<string>;
}

type Meant = Awaited<ReturnType<typeof findMeant>>;

/**
 * The fewest passages that lead from one name to another: each mentions the name before and the one after, or points at
 * the next passage itself.
 * @throws HybridRAGError `not_found` for a name that the graph does not know, with the nearest names.
 */
export async function evidencePath(
  reads: GraphReads,
  scope: Scope,
  names: { readonly from: string; readonly to: string; readonly maxSteps?: number },
  options?: CallOptions,
): Promise<EvidencePath> {
  const [from, to] = await Promise.all([
    findMeant(reads, scope, names.from, options),
    findMeant(reads, scope, names.to, options),
  ]);
  const most = Math.min(names.maxSteps ?? mostSteps, mostSteps);
  const [start, target] = [from.entity.normalized_name, to.entity.normalized_name];
  const told = { from: start, to: target, from_name: from.entity.name, to_name: to.entity.name };
  const reached = await search(reads, scope, from, to, most, options);
  if (reached.names.has(target)) {
    const steps = await spelledOut(reads, scope, hopsTo(target, reached), options);
    return { ...told, found: true, steps, closest: null };
  }
  // Links have a direction, a path has none.
  const back = await search(reads, scope, to, from, most, options);
  if (back.names.has(start)) {
    const steps = await spelledOut(reads, scope, hopsTo(start, back), options);
    return { ...told, found: true, steps: steps.map(turned).toReversed(), closest: null };
  }
  const closest = closestTo(target, [...reached.names.keys()]);
  const steps = await spelledOut(reads, scope, hopsTo(closest, reached), options);
  return { ...told, found: false, steps, closest };
}

const turned = (step: PathStep): PathStep => ({
  ...step,
  from: step.to,
  to: step.from,
  from_name: step.to_name,
  to_name: step.from_name,
});

/** Round by round, each one passage further, until the name is reached or nothing is left. */
async function search(
  reads: GraphReads,
  scope: Scope,
  { entity: from }: Meant,
  { entity: to, isNarrowed }: Meant,
  most: number,
  options?: CallOptions,
): Promise<Reached> {
  const target = to.normalized_name;
  const meant = isNarrowed ? new Set(to.provenance) : null;
  const isMeant = (entity: string, chunkId: string): boolean => entity !== target || (meant?.has(chunkId) ?? true);
  const reached: Reached = { names: new Map([[from.normalized_name, null]]), pointed: new Map(), read: new Set() };
  let sources = passagesOf([from], [], reached);
  for (let step = 1; step <= most && sources.size > 0; step++) {
    const fresh = await readNames(reads, scope, sources, reached, isMeant, options);
    if (reached.names.has(target) || step === most) break;
    const pointed = await follow(reads, scope, sources, reached, options);
    sources = passagesOf(await followed(reads, scope, fresh, reached, options), pointed, reached);
  }
  return reached;
}

/** Passages that were not read yet, with what leads into each: names come before links. */
function passagesOf(
  entities: readonly Entity[],
  pointed: readonly string[],
  { read }: Reached,
): ReadonlyMap<string, Origin> {
  const sources = new Map<string, Origin>();
  const add = (id: string, origin: Origin) => (read.has(id) || sources.has(id) ? sources : sources.set(id, origin));
  for (const { normalized_name: name, provenance } of entities) for (const id of provenance) add(id, { name });
  for (const id of pointed) add(id, { passage: id });
  return sources;
}

/** Adds the names of these passages; returns those that are new. */
async function readNames(
  { graph }: GraphReads,
  scope: Scope,
  sources: ReadonlyMap<string, Origin>,
  reached: Reached,
  isMeant: (entity: string, chunkId: string) => boolean,
  options?: CallOptions,
): Promise<readonly string[]> {
  const fresh: string[] = [];
  for (const id of sources.keys()) reached.read.add(id);
  for (const { entity, chunk_id } of await graph.mentions(scope, [...sources.keys()], options)) {
    if (reached.names.has(entity) || !isMeant(entity, chunk_id)) continue;
    reached.names.set(entity, { from: sources.get(chunk_id)!, chunkId: chunk_id, to: { name: entity }, link: null });
    fresh.push(entity);
  }
  return fresh;
}

/** Adds the passages that these point at; returns those that are new. */
async function follow(
  { graph }: GraphReads,
  scope: Scope,
  sources: ReadonlyMap<string, Origin>,
  reached: Reached,
  options?: CallOptions,
): Promise<readonly string[]> {
  const seeds = [...sources.keys()].slice(0, mostPointing);
  const fresh: string[] = [];
  for (const { from, to, kind, address } of await pointedPassages(graph, scope, seeds, mostPointed, options)) {
    if (reached.pointed.has(to) || reached.read.has(to)) continue;
    const link = { kind, address };
    reached.pointed.set(to, { from: sources.get(from)!, chunkId: from, to: { passage: to }, link });
    fresh.push(to);
  }
  return fresh;
}

/** The names that lead on. */
async function followed(
  reads: GraphReads,
  scope: Scope,
  fresh: readonly string[],
  reached: Reached,
  options?: CallOptions,
): Promise<readonly Entity[]> {
  const known = await reads.graph.entities(scope, fresh, options);
  const rarest = known
    .filter(({ provenance }) => provenance.length <= mostPassages)
    .toSorted((a, b) => a.provenance.length - b.provenance.length || (a.normalized_name < b.normalized_name ? -1 : 1))
    .slice(0, mostNames);
  return Promise.all(rarest.map((entity) => ofSense(reads, scope, entity, reached, options)));
}

/** Without passages of another sense than that of the passage over which the entity was reached. */
async function ofSense(
  reads: GraphReads,
  scope: Scope,
  entity: Entity,
  reached: Reached,
  options?: CallOptions,
): Promise<Entity> {
  const senses = await sensesOf(reads, scope, entity, options);
  const over = reached.names.get(entity.normalized_name)?.chunkId ?? "";
  const own = senses.find(({ passages }) => passages.includes(over));
  if (!own) return entity;
  const others = new Set(senses.filter((sense) => sense !== own).flatMap(({ passages }) => passages));
  return { ...entity, provenance: entity.provenance.filter((id) => !others.has(id)) };
}

const closestTo = (target: string, names: readonly string[]): string =>
  names.toSorted((a, b) => likeness(b, target) - likeness(a, target) || (a < b ? -1 : 1))[0]!;

function hopsTo(end: string, { names, pointed }: Reached): readonly Hop[] {
  const arrivalAt = (place: Origin): Hop | null | undefined =>
    "name" in place ? names.get(place.name) : pointed.get(place.passage);
  const hops: Hop[] = [];
  for (let hop = arrivalAt({ name: end }); hop; hop = arrivalAt(hop.from)) hops.unshift(hop);
  return hops;
}
