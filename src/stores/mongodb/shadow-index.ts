import { Binary } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { MadeChunk, MadeMemory, PendingMemory, ShadowIndex } from "../../ports/shadow-index.ts";
import type { IndexIdentity } from "../../ports/store.ts";
import { call, rows, type Context } from "./context.ts";
import {
  generationOf,
  nextGeneration,
  numbered,
  readIndexState,
  writeIndexState,
  type Generation,
  type IndexState,
} from "./generation.ts";
import { vectorIndex, type SearchIndexSpec } from "./indexes.ts";
import { collections } from "./names.ts";
import { chosenQuantization } from "./settle-definitions.ts";
import { pause } from "./settle.ts";
import { shapeOf } from "./check-pipeline.ts";
import { waitForIndexes } from "./index-plan.ts";
import { vectorSearchStage } from "./vector-search.ts";

/** How long the new index may take to be built, and to show the vectors written last. */
const buildMs = 3_600_000;
const shownMs = 120_000;
/** Of the vectors written last, those that must be shown before the switch. */
const witnesses = 100;

/** What an embedder can read; it refuses a text of nothing else. */
const readable = /[^\t\n\v\f\r \u00a0\u2028\u2029\u3000\ufeff]/;

/**
 * Vectors of another embedder in fields of their own beside those in use, under an index of their own. Others go on
 * writing: what they write has no new vector until it is asked for as pending.
 */
export async function openShadowIndex(context: Context, identity: IndexIdentity): Promise<ShadowIndex> {
  const { generation, isInUse } = await begin(context, identity);
  const missing = { [generation.vector]: { $exists: false } };
  const blank = { content: { $not: readable } };
  const spec = await long(context, () => createIndex(context, generation, identity.dimensions));
  const chunks = () => rows(context, collections.chunks);
  const memories = () => rows(context, collections.memories);
  // An old memory may hold null where it has no vector.
  const pendingMemories = { [generation.vector]: null, $nor: [blank] };
  const counts = async () => {
    const [all, remembered, pending, pendingInMemory, cut] = await Promise.all([
      chunks().countDocuments({}),
      memories().countDocuments({}),
      chunks().countDocuments(missing),
      memories().countDocuments(pendingMemories),
      chunks().countDocuments({ [`${generation.hash}_cut`]: true }),
    ]);
    return { chunks: all, memories: remembered, pending: pending + pendingInMemory, cut };
  };
  return {
    counts: () => long(context, counts),
    chunks: (after, limit) =>
      long(context, async () => {
        const found = await chunks()
          .find(after === null ? missing : { ...missing, _id: { $gt: String(after) } })
          .project({ title: 1, heading_path: 1, content: 1, embedding_hash: 1, embedding_hash_2: 1 })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray();
        const before = generationOf(generation.number + 1).hash;
        return found.map((row) => ({
          chunk_key: String(row["_id"]),
          title: row["title"] as string,
          heading_path: row["heading_path"] as readonly string[],
          content: row["content"] as string,
          embedding_hash: (row[before] ?? row[generation.hash] ?? "") as string,
        }));
      }),
    memories: (after, limit) =>
      long(context, async () => {
        const found = await memories()
          .find(after === null ? pendingMemories : { $and: [pendingMemories, behind(after)] })
          .project({ tenant_id: 1, agent_id: 1, memory_id: 1, content: 1 })
          .sort({ tenant_id: 1, agent_id: 1, memory_id: 1 })
          .limit(limit)
          .toArray();
        return found.map((row) => ({
          tenant: row["tenant_id"] as string,
          agent_id: row["agent_id"] as string,
          memory_id: row["memory_id"] as string,
          content: row["content"] as string,
        }));
      }),
    keep: ({ chunks: made = [], memories: remembered = [] }) =>
      long(context, () => keep(context, generation, made, remembered)),
    activate: (next) =>
      long(
        context,
        async (signal) => {
          if (next.dimensions > 0 && (await counts()).pending > 0) throw stillMissing();
          if (spec !== null) {
            await waitUntilReady(context, spec, signal);
            await waitUntilShown(context, spec, generation, signal);
          }
          if (!isInUse) await activate(context, generation, next);
        },
        buildMs + shownMs,
      ),
    close: async () => undefined,
  };
}

/** Work on all rows of all tenants. */
const long = <T>(context: Context, work: (signal: AbortSignal) => Promise<T>, timeoutMs = 20 * context.timeoutMs) =>
  call(context, undefined, work, timeoutMs);

const stillMissing = (): HybridRAGError =>
  new HybridRAGError("conflict", "Vectors are still missing; run hybridrag indexes reembed again.");

const behind = ({ tenant, agent_id, memory_id }: PendingMemory) => ({
  $or: [
    { tenant_id: { $gt: tenant } },
    { tenant_id: tenant, agent_id: { $gt: agent_id } },
    { tenant_id: tenant, agent_id, memory_id: { $gt: memory_id } },
  ],
});

const isSame = (a: IndexIdentity, b: IndexIdentity): boolean =>
  a.embedder === b.embedder && a.dimensions === b.dimensions;

interface Begun {
  readonly generation: Generation;
  readonly isInUse: boolean;
}

/** Takes up what was begun, or begins anew in the fields that the index before used, which then is gone. */
function begin(context: Context, identity: IndexIdentity): Promise<Begun> {
  return long(context, async () => {
    const state = await requireState(context);
    if (isSame(state, identity)) return { generation: generationOf(state.generation), isInUse: true };
    let { building } = state;
    if (building === null || !isSame(building, identity)) {
      const generation = nextGeneration(state.highest, state.generation);
      building = { ...numbered({ ...identity, generation }), isCleared: false };
      await writeIndexState(context, state, { ...state, before: null, building, highest: generation });
      for (const gone of [state.before, state.building]) if (gone !== null) await dropIndex(context, gone.generation);
    }
    const generation = generationOf(building.generation);
    if (!building.isCleared) {
      await clearFields(context, generation);
      const now = await requireState(context);
      await writeIndexState(context, now, { ...now, building: { ...building, isCleared: true } });
    }
    return { generation, isInUse: false };
  });
}

export async function requireState(context: Context): Promise<IndexState> {
  const state = await readIndexState(context);
  if (state !== null) return state;
  throw new HybridRAGError("not_found", "There is no index yet: nothing was ever prepared here.");
}

export async function clearFields(context: Context, { vector, hash }: Generation): Promise<void> {
  const fields = { [vector]: "", [hash]: "", [`${hash}_cut`]: "" };
  for (const name of [collections.chunks, collections.memories]) {
    const some = { $or: [{ [vector]: { $exists: true } }, { [hash]: { $exists: true } }] };
    await rows(context, name).updateMany(some, { $unset: fields });
  }
}

/** Its name is never used again; one that is not there is as good as dropped. */
export async function dropIndex(context: Context, number: number): Promise<void> {
  const { index } = generationOf(number);
  const listed = await context.profile.listWhereSearched();
  if (listed?.some(({ name }) => name === index)) await rows(context, collections.chunks).dropSearchIndex(index);
}

/** @returns null where there is nothing to index, or nothing that would. */
async function createIndex(
  context: Context,
  { number }: Generation,
  dimensions: number,
): Promise<SearchIndexSpec | null> {
  if (dimensions === 0) return null;
  const chosen = await chosenQuantization(context, { dimensions, generation: number }, false);
  const { quantization: _other, ...settings } = context.profile.settings;
  const spec = vectorIndex({ ...settings, ...chosen, dimensions, generation: number });
  const listed = await context.profile.listWhereSearched();
  if (listed === null) return null;
  const { name, type, definition } = spec;
  if (!listed.some((one) => one.name === name))
    await rows(context, collections.chunks).createSearchIndex({ name, type, definition: { ...definition } });
  return spec;
}

async function keep(
  context: Context,
  { vector, hash }: Generation,
  chunks: readonly MadeChunk[],
  memories: readonly MadeMemory[],
): Promise<void> {
  const writeConcern = { w: "majority" } as const;
  if (chunks.length > 0) {
    const updates = chunks.map(({ chunk_key, embedding_hash, isCut, vector: made }) => ({
      updateOne: {
        filter: { _id: String(chunk_key) },
        update: {
          $set: {
            [vector]: Binary.fromFloat32Array(made),
            [hash]: embedding_hash,
            ...(isCut ? { [`${hash}_cut`]: true } : {}),
          },
        },
      },
    }));
    await rows(context, collections.chunks).bulkWrite(updates, { ordered: false, writeConcern });
  }
  if (memories.length > 0) {
    const updates = memories.map(({ memory: { tenant, agent_id, memory_id, content }, vector: made }) => ({
      updateOne: {
        // One that was changed since is pending again.
        filter: { tenant_id: String(tenant), agent_id, memory_id, content },
        update: { $set: { [vector]: Binary.fromFloat32Array(made) } },
      },
    }));
    await rows(context, collections.memories).bulkWrite(updates, { ordered: false, writeConcern });
  }
}

const waitUntilReady = (context: Context, spec: SearchIndexSpec, signal: AbortSignal): Promise<void> =>
  waitForIndexes(context.profile, {
    specs: [spec],
    timeoutMs: buildMs,
    pause: (milliseconds) => pause(milliseconds, signal),
  });

/** Search follows the writes in their order: what shows the last vectors shows them all. */
async function waitUntilShown(
  context: Context,
  spec: SearchIndexSpec,
  generation: Generation,
  signal: AbortSignal,
): Promise<void> {
  const chunks = rows(context, collections.chunks);
  const shape = shapeOf(spec);
  const vector = new Float32Array(shape.dimensions).fill(1 / Math.sqrt(shape.dimensions));
  const end = performance.now() + shownMs;
  for (let waitMs = 10; ; waitMs = Math.min(1000, 2 * waitMs)) {
    const last = await chunks
      .find({ [generation.vector]: { $exists: true } })
      .project({ _id: 1 })
      .sort({ _id: -1 })
      .limit(witnesses)
      .toArray();
    const ids = last.map((row) => String(row["_id"]));
    if (ids.length === 0) return;
    const filter = { _id: { $in: ids } };
    const stage = vectorSearchStage({ vector, limit: witnesses, filter, allowed: ids.length }, shape);
    const shown = await chunks.aggregate([{ ...stage }, { $project: { _id: 1 } }], { signal }).toArray();
    if (shown.length === ids.length) return;
    if (performance.now() > end) {
      throw new HybridRAGError("not_ready", `${spec.name} does not show the new vectors yet; run reembed again.`, {
        details: { index: spec.name },
        retryable: true,
      });
    }
    await pause(waitMs, signal);
  }
}

/** The switch: one row is replaced. */
async function activate(context: Context, { number }: Generation, identity: IndexIdentity): Promise<void> {
  const state = await requireState(context);
  if (state.building?.generation !== number)
    throw new HybridRAGError("conflict", "Another process began another index meanwhile; run reembed again.");
  const { highest } = state;
  const next = { ...numbered({ ...identity, generation: number }), before: numbered(state), building: null, highest };
  await writeIndexState(context, state, next);
}
