import { HybridRAGError } from "../../errors.ts";
import type { JobStore } from "../../ports/job-store.ts";
import type { Job } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { pageOf } from "./paging.ts";
import { enter, frozen, isoNow, tenantOf, type State } from "./state.ts";

export function memoryJobs(state: State): JobStore {
  return {
    async create(scope, { jobId, kind, input }, options) {
      enter(state, options);
      if (tenantOf(state, scope).jobs.has(jobId)) {
        throw new HybridRAGError("conflict", "A job with this id exists; give the new one an id of its own.");
      }
      const now = isoNow(state);
      return write(state, scope.tenant, {
        job_id: jobId,
        kind,
        state: "queued",
        input,
        progress: null,
        result: null,
        error: null,
        attempts: 0,
        owner: null,
        lease_until: null,
        created_at: now,
        updated_at: now,
      });
    },
    async get(scope, jobId, options) {
      enter(state, options);
      return find(state, scope, jobId);
    },
    async list(scope, request, options) {
      enter(state, options);
      const numbered = [...tenantOf(state, scope).jobs.values()]
        .map((job, index) => ({ job, index }))
        .filter(({ job }) => request.state === undefined || job.state === request.state)
        .toReversed();
      const page = pageOf(
        numbered,
        request,
        "jobs",
        ({ index }) => [index],
        ([a], [b]) => Number(b) - Number(a),
      );
      return { items: page.items.map(({ job }) => job), next: page.next };
    },
    async claim({ owner, kinds, leaseMs }, options) {
      enter(state, options);
      const oldest = [...state.tenants]
        .flatMap(([tenant, { jobs }]) => [...jobs.values()].map((job) => ({ tenant, job })))
        .filter(({ job }) => kinds.includes(job.kind) && isFree(state, job))
        .toSorted((a, b) => Date.parse(a.job.created_at) - Date.parse(b.job.created_at))[0];
      if (!oldest) return null;
      const { tenant, job } = oldest;
      const lease_until = leaseEnd(state, leaseMs);
      return {
        tenant,
        job: write(state, tenant, { ...job, state: "running", owner, lease_until, attempts: job.attempts + 1 }),
      };
    },
    async heartbeat(scope, { jobId, owner, leaseMs, progress }, options) {
      enter(state, options);
      const job = held(state, scope, jobId, owner);
      if (!job) return false;
      const lease_until = leaseEnd(state, leaseMs);
      write(state, scope.tenant, { ...job, lease_until, progress: progress === undefined ? job.progress : progress });
      return true;
    },
    async release(scope, { jobId, owner, state: next, progress, result, error }, options) {
      enter(state, options);
      const job = held(state, scope, jobId, owner);
      if (!job) return false;
      write(state, scope.tenant, {
        ...job,
        state: next,
        progress: progress === undefined ? job.progress : progress,
        result: result === undefined ? job.result : result,
        error: error === undefined ? job.error : error,
        owner: null,
        lease_until: null,
      });
      return true;
    },
    async cancel(scope, jobId, options) {
      enter(state, options);
      return move(state, scope, jobId, ["queued", "paused", "running"], "cancelled");
    },
    async resume(scope, jobId, options) {
      enter(state, options);
      return move(state, scope, jobId, ["paused"], "queued");
    },
  };
}

const find = (state: State, scope: Scope, jobId: string): Job | null => tenantOf(state, scope).jobs.get(jobId) ?? null;

function write(state: State, tenant: string, job: Job): Job {
  const written = frozen({ ...job, updated_at: isoNow(state) });
  tenantOf(state, { tenant, principals: "all" }).jobs.set(job.job_id, written);
  return written;
}

const leaseEnd = (state: State, leaseMs: number): string => new Date(state.now() + leaseMs).toISOString();

const hasLease = (state: State, job: Job): boolean => Date.parse(job.lease_until ?? "") > state.now();

const isFree = (state: State, job: Job): boolean =>
  job.state === "queued" || (job.state === "running" && !hasLease(state, job));

function held(state: State, scope: Scope, jobId: string, owner: string): Job | null {
  const job = find(state, scope, jobId);
  return job?.state === "running" && job.owner === owner && hasLease(state, job) ? job : null;
}

function move(state: State, scope: Scope, jobId: string, from: readonly Job["state"][], to: Job["state"]): boolean {
  const job = find(state, scope, jobId);
  if (!job || !from.includes(job.state)) return false;
  write(state, scope.tenant, { ...job, state: to, owner: null, lease_until: null });
  return true;
}
