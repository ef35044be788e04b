import { Long } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import type { JobStore } from "../../ports/job-store.ts";
import type { Job, JobState } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { call, rows, type Context, type Row } from "./context.ts";
import { collections } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { nextSequence } from "./sequences.ts";
import { identifierOf } from "./stored-metadata.ts";
import { isDuplicateKey } from "./translate-error.ts";

/** Inputs and results are kept as JSON: they are the caller's, and never searched. */
const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
const parsed = (value: unknown): unknown => (typeof value === "string" ? (JSON.parse(value) as unknown) : null);

/** Work shared by several servers: every change of hands is one atomic write to one job. */
export function mongoJobs(context: Context): JobStore {
  const jobs = () => rows(context, collections.jobs);
  const nowText = (): string => new Date(context.now()).toISOString();
  const leaseEnd = (leaseMs: number): Date => new Date(context.now() + leaseMs);
  const held = (scope: Scope, jobId: string, owner: string) => ({
    _id: identifierOf(scope.tenant, jobId),
    state: "running",
    owner,
    lease_until: { $gt: new Date(context.now()) },
  });
  const move = (scope: Scope, jobId: string, from: readonly JobState[], to: JobState) =>
    jobs().updateOne(
      { _id: identifierOf(scope.tenant, jobId), state: { $in: from } },
      { $set: { state: to, owner: null, lease_until: null, updated_at: nowText() } },
    );
  return {
    create: (scope, { jobId, kind, input }, options) =>
      call(context, options, async () => {
        const now = nowText();
        const row = {
          _id: identifierOf(scope.tenant, jobId),
          tenant_id: scope.tenant,
          job_id: jobId,
          sequence: await nextSequence(context, "jobs"),
          kind,
          state: "queued",
          input: json(input),
          progress: null,
          result: null,
          error: null,
          attempts: 0,
          owner: null,
          lease_until: null,
          created_at: now,
          updated_at: now,
        };
        try {
          await jobs().insertOne(row);
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          throw new HybridRAGError("conflict", "A job with this id exists; give the new one an id of its own.");
        }
        return jobOf(row);
      }),
    get: (scope, jobId, options) =>
      call(context, options, async () => {
        const found = await jobs().findOne({ _id: identifierOf(scope.tenant, jobId) });
        return found && jobOf(found);
      }),
    list: (scope, request, options) =>
      call(context, options, async (signal) => {
        const after = readCursor(request, "jobs", 1);
        const found = await jobs()
          .find(
            {
              tenant_id: scope.tenant,
              ...(request.state === undefined ? {} : { state: request.state }),
              ...(after === null ? {} : { sequence: { $lt: Number(after[0]) } }),
            },
            { signal },
          )
          .sort({ sequence: -1 })
          .limit(request.limit + 1)
          .toArray();
        return pageOf(found, request, "jobs", (row) => [sequenceOf(row)], jobOf);
      }),
    claim: ({ owner, kinds, leaseMs }, options) =>
      call(context, options, async () => {
        const now = new Date(context.now());
        const found = await jobs().findOneAndUpdate(
          { kind: { $in: kinds }, $or: [{ state: "queued" }, { state: "running", lease_until: { $lte: now } }] },
          {
            $set: { state: "running", owner, lease_until: leaseEnd(leaseMs), updated_at: now.toISOString() },
            $inc: { attempts: 1 },
          },
          { sort: { created_at: 1, sequence: 1 }, returnDocument: "after" },
        );
        return found && { tenant: String(found["tenant_id"]), job: jobOf(found) };
      }),
    heartbeat: (scope, { jobId, owner, leaseMs, progress }, options) =>
      call(context, options, async () => {
        const told = progress === undefined ? {} : { progress: json(progress) };
        const { matchedCount } = await jobs().updateOne(held(scope, jobId, owner), {
          $set: { lease_until: leaseEnd(leaseMs), updated_at: nowText(), ...told },
        });
        return matchedCount === 1;
      }),
    release: (scope, { jobId, owner, state, progress, result, error }, options) =>
      call(context, options, async () => {
        const { matchedCount } = await jobs().updateOne(held(scope, jobId, owner), {
          $set: {
            state,
            owner: null,
            lease_until: null,
            updated_at: nowText(),
            ...(progress === undefined ? {} : { progress: json(progress) }),
            ...(result === undefined ? {} : { result: json(result) }),
            ...(error === undefined ? {} : { error }),
          },
        });
        return matchedCount === 1;
      }),
    cancel: (scope, jobId, options) =>
      call(
        context,
        options,
        async () => (await move(scope, jobId, ["queued", "paused", "running"], "cancelled")).matchedCount === 1,
      ),
    resume: (scope, jobId, options) =>
      call(context, options, async () => (await move(scope, jobId, ["paused"], "queued")).matchedCount === 1),
  };
}

const sequenceOf = (row: Row): number =>
  Long.isLong(row["sequence"]) ? (row["sequence"] as Long).toNumber() : Number(row["sequence"]);

const jobOf = (row: Row): Job => ({
  job_id: row["job_id"],
  kind: row["kind"],
  state: row["state"],
  input: parsed(row["input"]),
  progress: parsed(row["progress"]),
  result: parsed(row["result"]),
  error: row["error"],
  attempts: row["attempts"],
  owner: row["owner"],
  lease_until: row["lease_until"] === null ? null : (row["lease_until"] as Date).toISOString(),
  created_at: row["created_at"],
  updated_at: row["updated_at"],
});
