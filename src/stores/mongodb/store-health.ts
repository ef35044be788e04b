import type { HybridRAGError } from "../../errors.ts";
import type { StoreHealth } from "../../ports/store.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { unseen } from "./settle.ts";
import { translateError } from "./translate-error.ts";

/** Never throws: what is wrong stands in the answer. */
export async function health(context: Context): Promise<StoreHealth> {
  const nothing = { identity: context.identity, documents: 0, chunks: 0, sessions: 0, behind: context.unsettled.size };
  if (context.closed) return { ...nothing, ready: false, warnings: [], details: poolDetails(context) };
  try {
    const [sums] = await rows(context, collections.documents)
      .aggregate<{ documents: number; chunks: number }>([
        { $group: { _id: null, documents: { $sum: 1 }, chunks: { $sum: "$chunks" } } },
      ])
      .toArray();
    const sessions = await rows(context, collections.sessions).countDocuments({
      expires_at: { $gt: new Date(context.now()) },
    });
    const behind = await unseen(context).catch(() => context.unsettled.size);
    const details = { ...poolDetails(context), ...(await jobDetails(context)), ...(await indexDetails(context)) };
    const counts = { documents: sums?.documents ?? 0, chunks: sums?.chunks ?? 0, sessions, behind };
    const problem = context.identity === null ? null : await searchProblem(context);
    const warnings = problem === null ? [] : [{ code: problem.code, message: problem.message }];
    return { identity: context.identity, ...counts, ready: problem === null, warnings, details };
  } catch (error) {
    const { code, message } = translateError(error);
    return { ...nothing, ready: false, warnings: [{ code, message }], details: poolDetails(context) };
  }
}

/** What the service shows as gauges. */
function poolDetails({ pools }: Context): StoreHealth["details"] {
  const { connections, checkedOut, waiting } = pools();
  return { connections_open: connections, connections_in_use: checkedOut, calls_waiting: waiting };
}

async function jobDetails(context: Context): Promise<StoreHealth["details"]> {
  const count = (state: string): Promise<number> => rows(context, collections.jobs).countDocuments({ state });
  return { jobs_queued: await count("queued"), jobs_running: await count("running") };
}

async function indexDetails({ profile }: Context): Promise<StoreHealth["details"]> {
  const listed = profile.isAbsent ? [] : await profile.list().catch(() => []);
  const isReady = (name: string): boolean =>
    listed.some((index) => index.name === name && index.queryable === true && index.status !== "FAILED");
  return Object.fromEntries(profile.specs.map(({ name }) => [`index_ready.${name}`, isReady(name)]));
}

async function searchProblem(context: Context): Promise<HybridRAGError | null> {
  try {
    await context.profile.requireReady();
    return null;
  } catch (error) {
    return translateError(error);
  }
}
