import { isBody, type Body } from "./check-pipeline.ts";
import type { ChunkSearch } from "../../ports/chunk-store.ts";
import type { Scope } from "../../scope.ts";
import { allowedChunks } from "./allowed.ts";
import { rows, type Context } from "./context.ts";
import { askWords } from "./query-words.ts";
import { textPipeline, vectorPipeline, type Asked } from "./search-legs.ts";
import { collections } from "./names.ts";
import { capabilitiesOf } from "./probe.ts";
import type { SearchCapabilities } from "./search-profile.ts";
import { seenStage } from "./text-search.ts";
import { vectorSearchStage } from "./vector-search.ts";
import type { PoolCounts } from "./events.ts";

/** One stage of a search as the server ran it, in one shape for every kind of cluster. */
export interface StageReport {
  /** "-" where the collection is not sharded. */
  readonly shard: string;
  readonly stage: string;
  /** Of the server, where it says so. */
  readonly milliseconds: number | null;
  readonly returned: number | null;
}

export interface SearchReport {
  readonly leg: "vector" | "text";
  /** Of the whole call, seen from here. */
  readonly milliseconds: number;
  readonly stages: readonly StageReport[];
}

export interface ConnectionReport {
  readonly version: string;
  readonly servers: readonly string[];
  readonly primary: string | null;
  /** Of one ping. */
  readonly milliseconds: number;
  readonly pools: PoolCounts;
  readonly capabilities: SearchCapabilities;
}

/**
 * The explanation of a search has no `executionStats` at the top: a list of stages, on sharded collections one per
 * shard, and mongot's own account inside the first.
 */
export function stagesOf(explained: unknown): readonly StageReport[] {
  if (!isBody(explained)) return [];
  const shards = explained["shards"];
  if (isBody(shards)) return Object.entries(shards).flatMap(([shard, part]) => stagesOfShard(shard, part));
  return stagesOfShard("-", explained);
}

function stagesOfShard(shard: string, part: unknown): readonly StageReport[] {
  const stages: readonly unknown[] = isBody(part) && Array.isArray(part["stages"]) ? part["stages"] : [];
  return stages.filter(isBody).flatMap((stage): readonly StageReport[] => {
    const name = Object.keys(stage).find((key) => key.startsWith("$"));
    if (name === undefined) return [];
    const milliseconds = numberOf(stage["executionTimeMillisEstimate"]) ?? elapsedOf(stage[name]);
    return [{ shard, stage: name, milliseconds, returned: numberOf(stage["nReturned"]) }];
  });
}

/** mongot's account: `explain.stats.millisElapsed`, a number or spread over the phases of the query. */
function elapsedOf(body: unknown): number | null {
  const account = isBody(body) && isBody(body["explain"]) ? body["explain"]["stats"] : undefined;
  return isBody(account) ? numberOf(account["millisElapsed"]) : null;
}

/** Numbers of 64 bits come as objects. */
function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  return typeof value === "object" && value !== null && "toNumber" in value ? Number(String(value)) : null;
}

/** A search to explain. */
export interface AskedSearch {
  readonly scope: Scope;
  readonly request: ChunkSearch;
}

type Pipelines = readonly (readonly [SearchReport["leg"], readonly Body[]])[];

/** What each leg takes on the server, stage by stage: of this search, or of the cheapest of its kind. */
export async function explainSearches(context: Context, asked?: AskedSearch): Promise<readonly SearchReport[]> {
  await context.profile.requireReady();
  const pipelines = asked === undefined ? cheapest(context) : await pipelinesOf(context, asked);
  return Promise.all(
    pipelines.map(async ([leg, pipeline]): Promise<SearchReport> => {
      const started = performance.now();
      const explained: unknown = await rows(context, collections.chunks)
        .aggregate([...pipeline], { readPreference: context.searchReads })
        .explain("executionStats");
      return { leg, milliseconds: performance.now() - started, stages: stagesOf(explained) };
    }),
  );
}

function cheapest(context: Context): Pipelines {
  const { dimensions } = context.profile.settings;
  return [
    ...(dimensions > 0 ? [["vector", [nearestOf(context, dimensions)]] as const] : []),
    ["text", [seenStage(["none"], context.profile.text)]],
  ];
}

async function pipelinesOf(context: Context, { scope, request }: AskedSearch): Promise<Pipelines> {
  const allowed = await allowedChunks(context, scope, request.filter, undefined);
  const words = request.text && (await askWords(context, scope.tenant, request.text, undefined).counted);
  const search: Asked = { context, scope, request, allowed, signal: undefined };
  return [
    ...(request.vector ? [["vector", vectorPipeline(search)] as const] : []),
    ...(words && words.terms.length > 0 ? [["text", textPipeline(search, words)] as const] : []),
  ];
}

const nearestOf = (context: Context, dimensions: number): Body =>
  vectorSearchStage(
    {
      vector: new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions)),
      limit: 100,
      filter: { live: true },
      allowed: null,
    },
    context.profile.vector,
  );

export async function describeConnection(context: Context): Promise<ConnectionReport> {
  const admin = context.client.db("admin");
  const started = performance.now();
  await admin.command({ ping: 1 });
  const milliseconds = performance.now() - started;
  const hello = await admin.command({ hello: 1 });
  const { version } = await admin.command({ buildInfo: 1 });
  const hosts: unknown = hello["hosts"];
  return {
    version: String(version),
    servers: Array.isArray(hosts) ? hosts.map(String) : [],
    primary: typeof hello["primary"] === "string" ? hello["primary"] : null,
    milliseconds,
    pools: context.pools(),
    capabilities: await capabilitiesOf(context),
  };
}
