import { compareText } from "../../../filter/matches.ts";
import type { EntityWeight, LinkKind, LinkRequest, LinkResult, PassageEdge } from "../../../ports/graph-store.ts";
import type { Scope } from "../../../scope.ts";
import { allowedRows } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import { fewScorer } from "../text/score-few.ts";
import type { Database } from "../sqlite/database.ts";
import { readDimensions } from "../tables/identity.ts";
import { tenantOf } from "../tables/tenants.ts";
import { checkVector } from "../../../ports/check-vector.ts";
import type { ReadContext } from "../workers/context.ts";
import { explicitTargets, type Pointer } from "./explicit-targets.ts";
import { asTitle, inBody } from "./graph-segment.ts";
import { graphView, type GraphView, type Name, type Place, untoldNames } from "./graph-view.ts";
import { sentLinks, type SentLinks } from "./sent-links.ts";

interface Round {
  readonly view: GraphView;
  readonly request: LinkRequest;
  readonly except: ReadonlySet<Name>;
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
type WalkConstants = Pick<LinkRequest, "vector" | "terms" | "except">;

/** For several rounds: what one learns of names and passages the next one knows. */
export function linkFinder(
  db: Database,
  index: TenantIndex,
  view: GraphView,
  constants: WalkConstants,
): (request: LinkRequest) => LinkResult {
  if (constants.vector) checkVector(constants.vector, readDimensions(db), "/vector");
  const tell = teller(index, view, constants);
  const except = new Set(constants.except.map(view.name));
  return (request) => {
    const round = { view, request, except };
    const seeds = [...new Set(request.seeds)].flatMap((id) => view.place(id) ?? []);
    const titled = request.titled.flatMap((name) => view.titled(view.name(name)));
    const links = linksOut();
    if (request.maxPassages > 0) {
      const targets = explicitTargets(db, index, view, seeds, new Set(request.except));
      for (const seed of seeds) {
        addNamed(links, round, seed);
        addExplicit(links, round, seed, targets.get(seed));
      }
    }
    const passages = [...new Set([...seeds, ...titled, ...links.reached])];
    tell(passages);
    return { edges: links.edges, passages, weights: weightsOf(view, seeds) };
  };
}

function weightsOf(view: GraphView, seeds: readonly Place[]): readonly EntityWeight[] {
  const names = new Set(seeds.flatMap((seed) => view.namesIn(seed).map(({ name }) => name)));
  return [...names].flatMap((name) => view.weight(name) ?? []).sort((a, b) => compareText(a.entity, b.entity));
}

interface LinksOut {
  readonly edges: PassageEdge[];
  readonly reached: Set<Place>;
  /** To all of these but the seed itself, `most` at most. */
  add(link: Pick<PassageEdge, "entity" | "kind">, from: Place, to: readonly Place[], most: number): void;
}

function linksOut(): LinksOut {
  const edges: PassageEdge[] = [];
  const reached = new Set<Place>();
  return {
    edges,
    reached,
    add: ({ entity, kind }, from, targets, most) => {
      let room = most;
      for (const to of targets) {
        if (to === from) continue;
        if (room === 0) return;
        room -= 1;
        edges.push({ from: from.chunk_id, to: to.chunk_id, entity, kind });
        reached.add(to);
      }
    },
  };
}

function addNamed(links: LinksOut, round: Round, seed: Place): void {
  const { view, request } = round;
  const own = view.namesIn(seed).filter(({ name }) => !round.except.has(name));
  const bodies = own.filter(({ flags }) => flags & inBody).map(({ name }) => name);
  const titles = own.filter(({ flags }) => flags & asTitle).map(({ name }) => name);
  const follow = (kind: LinkKind, { entity }: Name, targets: readonly Place[]): void =>
    links.add({ entity, kind }, seed, targets, request.maxPassages);
  // One more than wanted, since the seed itself may be among them.
  const standing = (name: Name): readonly Place[] => view.standing(name, request.maxPassages + 1);
  for (const name of bodies) follow("forward", name, view.titled(name));
  for (const name of titles) follow("back", name, standing(name));
  for (const name of bodies) {
    if ((view.weight(name)?.passages ?? 0) <= request.maxShared) follow("shared", name, standing(name));
  }
  for (const name of bodies) follow("subname", name, namingLonger(round, name));
}

/** One word counts only when it is telling. */
function namingLonger({ view, request }: Round, name: Name): readonly Place[] {
  const { entity } = name;
  const weight = view.weight(name);
  const isOneWord = !entity.includes(" ");
  if (isOneWord && (entity.length < 4 || !weight || (weight.titled === 0 && weight.passages < 3))) return [];
  const room = request.maxSubname - (weight?.passages ?? 0);
  return room < 0 ? [] : (view.namingLonger(name, room) ?? []);
}

function addExplicit(links: LinksOut, { request }: Round, seed: Place, pointers: readonly Pointer[] = []): void {
  for (const { kind, address, places } of pointers)
    links.add({ kind, entity: address }, seed, places, request.maxPassages);
}

/** Scores passages from the indexes in memory, the cosines from 8-bit codes, and says what they mention of the question. */
function teller(
  index: TenantIndex,
  view: GraphView,
  { vector, terms, except }: WalkConstants,
): (places: readonly Place[]) => void {
  const scoreWords = fewScorer(index.text, index.tenant, terms);
  const mentioned = view.mentionedOf(except.toSorted(compareText));
  return (places) => {
    const untold = places.filter((place) => place.entities === untoldNames);
    if (untold.length === 0) return;
    const slots = untold.map(({ slot }) => slot);
    const near = vector === null ? null : index.vectors.scoresOf(vector, slots);
    const said = scoreWords(slots);
    untold.forEach((place, at) => {
      place.cosine = near === null || near[at] === -Infinity ? null : near[at]!;
      place.bm25 = said.scores[at]!;
      place.mask = said.masks[at]!;
      place.entities = mentioned(place);
    });
  };
}
