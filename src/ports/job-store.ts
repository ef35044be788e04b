import type { Job, JobState } from "../records.ts";
import type { Scope } from "../scope.ts";
import type { CallOptions, Page, PageRequest } from "./store.ts";

/** Work shared by several servers: one worker per job, and a dead worker's job is taken over. */
export interface JobStore {
  /** Throws `conflict` when the id is taken. */
  create(
    scope: Scope,
    job: { readonly jobId: string; readonly kind: string; readonly input: unknown },
    options?: CallOptions,
  ): Promise<Job>;
  get(scope: Scope, jobId: string, options?: CallOptions): Promise<Job | null>;
  /** Newest first. */
  list(scope: Scope, request: PageRequest & { readonly state?: JobState }, options?: CallOptions): Promise<Page<Job>>;
  /**
   * Takes the oldest job of any tenant that is queued, or running with a lease that ran out; null when there is
   * none. No two callers ever hold one job at once.
   */
  claim(
    request: { readonly owner: string; readonly kinds: readonly string[]; readonly leaseMs: number },
    options?: CallOptions,
  ): Promise<ClaimedJob | null>;
  /** Writes progress and extends the lease. False when the lease was lost: stop working. */
  heartbeat(
    scope: Scope,
    request: { readonly jobId: string; readonly owner: string; readonly leaseMs: number; readonly progress?: unknown },
    options?: CallOptions,
  ): Promise<boolean>;
  /** Ends, pauses or requeues a held job. False when the lease was lost. */
  release(
    scope: Scope,
    request: {
      readonly jobId: string;
      readonly owner: string;
      readonly state: Exclude<JobState, "running">;
      readonly progress?: unknown;
      readonly result?: unknown;
      readonly error?: string | null;
    },
    options?: CallOptions,
  ): Promise<boolean>;
  /** Queued and paused jobs end at once; a running one loses its lease. Paused → queued by `resume`. */
  cancel(scope: Scope, jobId: string, options?: CallOptions): Promise<boolean>;
  resume(scope: Scope, jobId: string, options?: CallOptions): Promise<boolean>;
}

export interface ClaimedJob {
  readonly tenant: string;
  readonly job: Job;
}
