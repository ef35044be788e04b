import { HybridRAGError, isHybridRAGError } from "../../errors.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { seenStage } from "./text-search.ts";

/** Milliseconds between two looks: twice as long each time, up to the second. */
const firstWaitMs = 5;
const longestWaitMs = 500;
/** Ids in one look. */
const batchIds = 1000;

/** How many writes of a tenant search does not show yet. Looks at some of them: what it cannot see it does not promise. */
export async function behind(context: Context, tenant: string): Promise<number> {
  const ids = [...context.unsettled].flatMap(([id, owner]) => (owner === tenant ? [id] : []));
  if (ids.length === 0) return 0;
  const still = await unseen(context, ids.slice(0, batchIds)).catch(() => ids.length);
  return still + Math.max(0, ids.length - batchIds);
}

/** How many of these chunks written here, by default of all, search does not show yet. */
export async function unseen(context: Context, wanted = [...context.unsettled.keys()]): Promise<number> {
  if (wanted.length === 0) return 0;
  const collection = rows(context, collections.chunks);
  for (let start = 0; start < wanted.length; start += batchIds) {
    const ids = wanted.slice(start, start + batchIds);
    const stage = seenStage(ids, context.profile.text);
    const seen = await collection.aggregate<{ _id: string }>([stage, { $project: { _id: 1 } }]).toArray();
    for (const { _id } of seen) context.unsettled.delete(_id);
    const missing = ids.filter((id) => context.unsettled.has(id));
    // What was replaced or deleted since will never be shown.
    const alive = await collection
      .find({ _id: { $in: missing } })
      .project({ _id: 1 })
      .toArray();
    const living = new Set(alive.map((row) => String(row["_id"])));
    for (const id of missing) if (!living.has(id)) context.unsettled.delete(id);
  }
  return wanted.filter((id) => context.unsettled.has(id)).length;
}

/**
 * Waits until search shows everything written here.
 * @throws HybridRAGError `not_ready` or `index_building` when the time is over; at once what waiting does not mend.
 */
export async function settle(context: Context, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  // Without search nothing will ever be shown: whoever searches is told so, whoever only stores need not wait.
  if (context.profile.isAbsent) context.unsettled.clear();
  if (context.unsettled.size === 0) return;
  const end = performance.now() + timeoutMs;
  await untilBuilt(context, end, signal);
  let waitMs = firstWaitMs;
  while ((await unseen(context)) > 0) {
    if (performance.now() > end) {
      throw new HybridRAGError(
        "not_ready",
        `Search does not show ${context.unsettled.size} written passages yet; wait longer, or look at the search nodes.`,
        { details: { behind: context.unsettled.size } },
      );
    }
    await pause(waitMs, signal);
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
}

/** An index that is being built shows nothing yet, and will: the first ingest into a new cluster comes before it. */
async function untilBuilt(context: Context, end: number, signal: AbortSignal | undefined): Promise<void> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    try {
      return await context.profile.requireReady();
    } catch (error) {
      const isBuilding = isHybridRAGError(error) && error.code === "index_building";
      if (!isBuilding || performance.now() > end) throw error;
    }
    await pause(waitMs, signal);
  }
}

/** Waits; rejects with the reason when the signal fires. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", cancel);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", cancel, { once: true });
  });
}
