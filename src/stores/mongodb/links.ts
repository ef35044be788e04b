import type {
  EntityWeight,
  ExplicitLinkKind,
  LinkedPassage,
  LinkKind,
  LinkRequest,
  LinkResult,
  PassageEdge,
} from "../../ports/graph-store.ts";
import type { Scope } from "../../scope.ts";
import { bm25, type Weights } from "./bm25.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { cosine, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { addressTargets, distinct, isPointer, isTitle, weightsOf, type GraphRow } from "./derive-graph.ts";
import type { Generation } from "./generation.ts";
import { neighbourhood, type Neighbourhood } from "./neighbourhood.ts";
import { readChunks } from "./visible-rows.ts";

/** One round of links, as `LinkRequest` describes them. */
export async function followLinks(
  context: Context,
  scope: Scope,
  request: LinkRequest,
  signal: AbortSignal | undefined,
): Promise<LinkResult> {
  if (request.vector) checkVector(request.vector, context.identity?.dimensions ?? null, "/vector");
  const around = await neighbourhood(context, scope, request, signal);
  const seeds = [...new Set(request.seeds)].filter((id) => around.rows.has(id));
  const edges = seeds.flatMap((seed) => [
    ...namedLinks(seed, request, around),
    ...explicitLinks(seed, request, around),
  ]);
  const titled = request.titled.flatMap((name) => around.names.titled.get(name) ?? []);
  const reached = [...new Set([...seeds, ...titled, ...edges.map((edge) => edge.to)])];
  const named = seeds.flatMap((id) => around.rows.get(id)!.mentions.map((mention) => mention.entity));
  return {
    edges,
    passages: await passages(context, scope, request, reached, around, signal),
    weights: distinct(named).flatMap((entity) => weightOf(around, entity) ?? []),
  };
}

function namedLinks(seed: string, request: LinkRequest, around: Neighbourhood): readonly PassageEdge[] {
  const { names, rows } = around;
  const own = rows.get(seed)!.mentions.filter((mention) => !request.except.includes(mention.entity));
  const inBody = distinct(own.filter((mention) => !isTitle(mention)).map((mention) => mention.entity));
  const asTitle = distinct(own.filter(isTitle).map((mention) => mention.entity));
  const to = (kind: LinkKind, entity: string, targets: readonly string[] | undefined) =>
    edgesTo(kind, seed, entity, targets ?? [], request);
  return [
    ...inBody.flatMap((entity) => to("forward", entity, names.titled.get(entity))),
    ...asTitle.flatMap((entity) => to("back", entity, names.mentioning.get(entity))),
    ...inBody.flatMap((entity) => to("shared", entity, sharing(around, entity, request))),
    ...inBody.flatMap((entity) => to("subname", entity, namingLonger(around, entity, request))),
  ];
}

const edgesTo = (
  kind: LinkKind,
  from: string,
  entity: string,
  targets: readonly string[],
  request: LinkRequest,
): readonly PassageEdge[] =>
  targets
    .filter((to) => to !== from)
    .slice(0, request.maxPassages)
    .map((to) => ({ from, to, entity, kind }));

/** What was counted of a name in many passages, of which not all were read; else what was read. */
function weightOf({ names, common }: Neighbourhood, entity: string): EntityWeight | undefined {
  const [read] = weightsOf(names, [entity]);
  const counted = common.get(entity);
  if (!counted || counted.passages <= (read?.passages ?? 0)) return read;
  return { entity, passages: counted.passages, titled: counted.titled };
}

function sharing(around: Neighbourhood, entity: string, request: LinkRequest): readonly string[] {
  const passages = weightOf(around, entity)?.passages ?? 0;
  return passages <= request.maxShared ? (around.names.mentioning.get(entity) ?? []) : [];
}

/** Passages that mention a longer name of which this one is a part. One word counts only when it is telling. */
function namingLonger(around: Neighbourhood, entity: string, request: LinkRequest): readonly string[] {
  const { names, common } = around;
  const { passages, titled } = weightOf(around, entity) ?? { passages: 0, titled: 0 };
  if (!entity.includes(" ") && (entity.length < 4 || (titled === 0 && passages < 3))) return [];
  if (passages + (common.get(entity)?.inLonger ?? 0) > request.maxSubname) return [];
  const longer = [...names.passages].filter(
    ([name]) => name !== entity && name.split(" ").length <= 7 && ` ${name} `.includes(` ${entity} `),
  );
  const found = distinct(longer.flatMap(([, ids]) => ids));
  return passages + found.length <= request.maxSubname ? found : [];
}

function explicitLinks(
  seed: string,
  request: LinkRequest,
  { rows, names, edited }: Neighbourhood,
): readonly PassageEdge[] {
  const leadsTo = addressTargets([...rows.values()], names, edited);
  const own = rows.get(seed)!.links.filter((link) => isPointer(link) && !request.except.includes(link.target));
  const pointers = distinct(own.map(({ kind, target }) => JSON.stringify([target, kind])));
  return pointers.flatMap((pointer) => {
    const [target, kind] = JSON.parse(pointer) as [string, ExplicitLinkKind];
    return edgesTo(kind, seed, target, leadsTo(target), request);
  });
}

const bodies = { content: 0, vocabulary: 0, assertions: 0, links: 0, mentions: 0 } as const;

async function passages(
  context: Context,
  scope: Scope,
  request: LinkRequest,
  reached: readonly string[],
  around: Neighbourhood,
  signal: AbortSignal | undefined,
): Promise<readonly LinkedPassage[]> {
  const found = await readChunks(context, scope, { chunk_id: { $in: reached } }, bodies, signal);
  const terms = [...new Set(request.terms)];
  const entries = terms.flatMap((term) => [`b${term}`, `t${term}`]);
  const weights: Weights = {
    corpus: await context.statistics.corpus(context, scope.tenant),
    frequencies: await context.statistics.frequencies(context, scope.tenant, entries, signal),
  };
  return found
    .filter((row) => around.rows.has(row.chunk_id))
    .map((row) => ({
      chunk_id: row.chunk_id,
      cosine: cosineTo(request.vector, row, context.generation),
      bm25: bm25(
        row,
        terms.map((term) => ({ terms: [term], times: 1 })),
        weights,
      ),
      mask: maskOf(request.terms, row),
      entities: mentionedIn(around.rows.get(row.chunk_id)!, request.except),
    }));
}

function cosineTo(vector: Float32Array | null, row: ChunkRow, generation: Generation): number | null {
  const stored = vector === null ? null : vectorOf(row, generation);
  return vector === null || stored === null ? null : cosine(vector, stored);
}

function maskOf(terms: readonly string[], row: ChunkRow): number {
  const words = new Set(row.terms.body.split(" "));
  return terms.reduce((mask, term, bit) => (words.has(term) ? mask | (1 << bit) : mask), 0);
}

/** Ordered by name; a name may be both title and part of the body: then it is the title. */
function mentionedIn(row: GraphRow, asked: readonly string[]): LinkedPassage["entities"] {
  const own = row.mentions.map((mention) => mention.entity).filter((entity) => asked.includes(entity));
  return distinct(own).map((entity) => ({
    entity,
    title: row.mentions.some((mention) => mention.entity === entity && isTitle(mention)),
  }));
}
