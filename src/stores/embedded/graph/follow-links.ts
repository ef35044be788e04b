import { compareText } from "../../../filter/matches.ts";
import type { EntityWeight, LinkKind, LinkRequest } from "../../../ports/graph-store.ts";
import type { Scope } from "../../../scope.ts";
import { allowedRows } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import { scoreFew } from "../text/score-few.ts";
import type { Database } from "../sqlite/database.ts";
import { readDimensions } from "../tables/identity.ts";
import { tenantOf } from "../tables/tenants.ts";
import { checkVector } from "../../../ports/check-vector.ts";
import type { ReadContext } from "../workers/context.ts";
import type { NamedPassage } from "./build-graph-segment.ts";
import { explicitTargets, type Pointer } from "./explicit-targets.ts";
import { asTitle, inBody } from "./graph-segment.ts";
import { graphView, type GraphView, type Place } from "./graph-view.ts";
import { sentLinks, type SentLinks } from "./sent-links.ts";

interface Round {
  readonly view: GraphView;
  readonly request: LinkRequest;
  readonly except: ReadonlySet<string>;
}

export interface Link {
  readonly from: Place;
  readonly to: Place;
  readonly entity: string;
  readonly kind: LinkKind;
}

/** What one round of links comes to. */
export interface FoundLinks {
  readonly links: readonly Link[];
  /** With their scores. */
  readonly reached: readonly Place[];
  readonly mentioned: (place: Place) => readonly NamedPassage[];
  readonly weights: readonly EntityWeight[];
}

/** One round of links from memory alone; a passage that is not seen neither carries nor counts. */
export function followLinks(context: ReadContext, scope: Scope, request: LinkRequest): SentLinks {
  const { db } = context;
  const tenant = tenantOf(db, scope) ?? 0;
  const index = context.indexes.of(db, tenant);
  const view = graphView(index, allowedRows(db, tenant, scope, request.filter));
  const sent = sentLinks(linkFinder(db, index, view, request)(request));
  context.transfer.push(sent.buffer);
  return sent;
}

/** What stays the same in all rounds of a walk. */
type WalkConstants = Pick<LinkRequest, "vector" | "terms">;

/** For several rounds: what one learns of names and passages the next one knows. */
export function linkFinder(
  db: Database,
  index: TenantIndex,
  view: GraphView,
  constants: WalkConstants,
): (request: LinkRequest) => FoundLinks {
  if (constants.vector) checkVector(constants.vector, readDimensions(db), "/vector");
  return (request) => {
    const round = { view, request, except: new Set(request.except) };
    const seeds = [...new Set(request.seeds)].flatMap((id) => view.place(id) ?? []);
    const links = request.maxPassages === 0 ? [] : linksOf(db, index, round, seeds);
    const titled = request.titled.flatMap((name) => view.titled(name));
    const reached = [...new Set([...seeds, ...titled, ...links.map((link) => link.to)])];
    score(index, reached, constants);
    return {
      links,
      reached,
      mentioned: view.mentionedOf(request.except.toSorted(compareText)),
      weights: weightsOf(view, seeds),
    };
  };
}

function linksOf(db: Database, index: TenantIndex, round: Round, seeds: readonly Place[]): readonly Link[] {
  const targets = explicitTargets(db, index, round.view, seeds, round.except);
  return seeds.flatMap((seed) => [...namedLinks(round, seed), ...explicitLinks(round, seed, targets.get(seed))]);
}

function weightsOf(view: GraphView, seeds: readonly Place[]): readonly EntityWeight[] {
  const names = new Set(seeds.flatMap((seed) => view.namesIn(seed).map((name) => name.entity)));
  return [...names].toSorted(compareText).flatMap((name) => view.weight(name) ?? []);
}

function namedLinks(round: Round, seed: Place): readonly Link[] {
  const { view, request } = round;
  const own = view.namesIn(seed).filter(({ entity }) => !round.except.has(entity));
  const bodies = own.filter(({ flags }) => flags & inBody).map(({ entity }) => entity);
  const titles = own.filter(({ flags }) => flags & asTitle).map(({ entity }) => entity);
  // One more than wanted, since the seed itself may be among them.
  const standing = (entity: string): readonly Place[] => view.standing(entity, request.maxPassages + 1);
  const follow = (kind: LinkKind, entity: string, targets: readonly Place[]): readonly Link[] =>
    linksTo(round, { kind, entity, from: seed }, targets);
  const isRare = (entity: string): boolean => (view.weight(entity)?.passages ?? 0) <= request.maxShared;
  return [
    ...bodies.flatMap((entity) => follow("forward", entity, view.titled(entity))),
    ...titles.flatMap((entity) => follow("back", entity, standing(entity))),
    ...bodies.flatMap((entity) => (isRare(entity) ? follow("shared", entity, standing(entity)) : [])),
    ...bodies.flatMap((entity) => follow("subname", entity, namingLonger(round, entity))),
  ];
}

const linksTo = (
  { request }: Round,
  { kind, entity, from }: Omit<Link, "to">,
  targets: readonly Place[],
): readonly Link[] =>
  targets
    .filter((to) => to !== from)
    .slice(0, request.maxPassages)
    .map((to) => ({ kind, entity, from, to }));

/** One word counts only when it is telling. */
function namingLonger({ view, request }: Round, entity: string): readonly Place[] {
  const weight = view.weight(entity);
  const isOneWord = !entity.includes(" ");
  if (isOneWord && (entity.length < 4 || !weight || (weight.titled === 0 && weight.passages < 3))) return [];
  const room = request.maxSubname - (weight?.passages ?? 0);
  return room < 0 ? [] : (view.namingLonger(entity, room) ?? []);
}

const explicitLinks = (round: Round, from: Place, pointers: readonly Pointer[] = []): readonly Link[] =>
  pointers.flatMap(({ kind, address, places }) => linksTo(round, { kind, entity: address, from }, places));

/** From the indexes in memory, the cosines from 8-bit codes. */
function score(index: TenantIndex, places: readonly Place[], { vector, terms }: WalkConstants): void {
  const unknown = places.filter((place) => place.scores === null);
  const slots = unknown.map(({ slot }) => slot);
  const near = vector === null ? null : index.vectors.scoresOf(vector, slots);
  const said = scoreFew(index.text, index.tenant, terms, slots);
  unknown.forEach((place, at) => {
    const cosine = near === null || near[at] === -Infinity ? null : near[at]!;
    place.scores = { cosine, bm25: said.scores[at]!, mask: said.masks[at]! };
  });
}
