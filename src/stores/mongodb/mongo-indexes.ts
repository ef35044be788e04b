import type { Db } from "mongodb";
import type { IndexIdentity } from "../../ports/store.ts";
import { call, type Context } from "./context.ts";
import { generationSteps } from "./generations.ts";
import { applyViews, viewSteps } from "./graph-views.ts";
import {
  applyIndexes,
  createCollections,
  indexStatus,
  planIndexes,
  rollbackIndexes,
  waitForIndexes,
  type IndexStatus,
  type IndexStep,
} from "./index-plan.ts";
import { beginGeneration, otherGenerations, planGeneration } from "./plan-generation.ts";
import { migrate, migrationSteps } from "./migrations.ts";
import { collections } from "./names.ts";
import { settleDefinitions, sizingNow } from "./settle-definitions.ts";
import { pause } from "./settle.ts";
import { applySharding, shardingSteps, type Sharding } from "./sharding.ts";

export interface PlanOptions {
  readonly sharded?: Sharding;
  /** What the settings ask for, where the index is of another embedder: the way there is part of the plan. */
  readonly wanted?: IndexIdentity;
}

/** What operators do with the indexes; `hybridrag indexes` runs it. All need an index identity: see `prepare`. */
export interface MongoIndexes {
  /** The difference between settings and cluster, in words, before anything is changed. */
  plan(options?: PlanOptions): Promise<readonly IndexStep[]>;
  apply(options?: PlanOptions): Promise<readonly IndexStep[]>;
  /** Of those in use, one being made and the one before. */
  status(): Promise<readonly IndexStatus[]>;
  /** READY, queryable and as defined. @throws HybridRAGError `not_ready` when one failed or the time is over. */
  wait(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Back to the definitions before the last change. */
  rollback(): Promise<readonly IndexStep[]>;
}

/** How long `wait` waits when it is not told: a large index is built for hours. */
const defaultBuildMs = 600_000;

export function mongoIndexes(context: Context): MongoIndexes {
  const { db, profile } = context;
  const long = 10 * context.timeoutMs;
  return {
    plan: ({ sharded, wanted } = {}) =>
      call(context, undefined, async () => {
        await settleDefinitions(context, true);
        const planned = wanted && (await planGeneration(context, wanted));
        const added = planned?.spec ? [planned.spec] : [];
        return [
          ...shardSteps(db, sharded),
          ...(await planIndexes(db, profile, { added, dropped: planned?.dropped ?? [] })),
          ...(await sizingSteps(context)),
          ...(await viewSteps(db)),
          ...(await migrationSteps(db)),
          ...(planned?.steps ?? []),
          ...(await generationSteps(context, planned?.dropped ?? [])),
        ];
      }),
    apply: ({ sharded, wanted } = {}) =>
      call(
        context,
        undefined,
        async () => {
          await createCollections(db);
          await settleDefinitions(context, true);
          const applied = [
            ...(await applyIndexes(db, profile)),
            ...(await applyViews(db)),
            ...(await migrate(db, context.now)),
            ...(wanted ? await beginGeneration(context, wanted) : []),
          ];
          if (sharded === undefined) return applied;
          const run = (command: Readonly<Record<string, unknown>>) => context.client.db("admin").command(command);
          await applySharding(shardingSteps(db.databaseName, sharded), run);
          return [...shardSteps(db, sharded), ...applied];
        },
        long,
      ),
    status: () =>
      call(context, undefined, async () => {
        await settleDefinitions(context, false);
        const { before, building } = await otherGenerations(context);
        return indexStatus(profile, [...building, ...before]);
      }),
    wait: ({ timeoutMs = defaultBuildMs } = {}) =>
      call(
        context,
        undefined,
        async (signal) => {
          await settleDefinitions(context, false);
          await waitForIndexes(profile, {
            specs: [...profile.specs, ...(await otherGenerations(context)).building],
            timeoutMs,
            pause: (milliseconds) => pause(milliseconds, signal),
          });
        },
        timeoutMs + context.timeoutMs,
      ),
    rollback: () => call(context, undefined, () => rollbackIndexes(db, profile), long),
  };
}

/** Why the vector index is quantized or not, and which search nodes hold it. */
async function sizingSteps(context: Context): Promise<readonly IndexStep[]> {
  const { dimensions } = context.profile.settings;
  const sizing = dimensions === 0 ? null : await sizingNow(context, dimensions);
  if (sizing === null || sizing.vectors === 0) return [];
  const words = `${sizing.reason}; dedicated clusters: ${sizing.searchNodes}`;
  return [{ action: "keep", index: context.generation.index, collection: collections.chunks, words }];
}

/** Sharding in the words of a plan, each with the command that does it. */
const shardSteps = (db: Db, sharded: Sharding | undefined): readonly IndexStep[] =>
  sharded === undefined
    ? []
    : shardingSteps(db.databaseName, sharded).map(({ collection, command, words }) => ({
        action: "shard",
        index: "shard key",
        collection,
        words: `${words}: db.adminCommand(${JSON.stringify(command)})`,
      }));
