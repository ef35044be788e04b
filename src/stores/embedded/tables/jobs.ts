import { HybridRAGError } from "../../../errors.ts";
import type { ClaimedJob, JobStore } from "../../../ports/job-store.ts";
import type { Page, PageRequest } from "../../../ports/store.ts";
import type { Job, JobState } from "../../../records.ts";
import type { Scope } from "../../../scope.ts";
import type { Database, SqlValue } from "../sqlite/database.ts";
import type { CallContext } from "../workers/context.ts";
import { checkedLimit, decodeCursor, pageOf } from "./paging.ts";
import { ensureTenant, tenantOf } from "./tenants.ts";

interface JobRow {
  readonly number: number;
  readonly job_id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly input: string;
  readonly progress: string;
  readonly result: string;
  readonly error: string | null;
  readonly attempts: number;
  readonly owner: string | null;
  readonly lease_until: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const columns =
  "number, job_id, kind, state, input, progress, result, error, attempts, owner, lease_until, created_at, updated_at";

const iso = (ms: number): string => new Date(ms).toISOString();

const toJob = (row: JobRow): Job => ({
  job_id: row.job_id,
  kind: row.kind,
  state: row.state,
  input: JSON.parse(row.input) as unknown,
  progress: JSON.parse(row.progress) as unknown,
  result: JSON.parse(row.result) as unknown,
  error: row.error,
  attempts: row.attempts,
  owner: row.owner,
  lease_until: row.lease_until === null ? null : iso(row.lease_until),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
});

/** JSON has no undefined; where it stands for "nothing", null is stored. */
const json = (value: unknown): string => JSON.stringify(value) ?? "null";

export function createJob(
  { db, now }: CallContext,
  scope: Scope,
  { jobId, kind, input }: Parameters<JobStore["create"]>[1],
): Job {
  const tenant = ensureTenant(db, scope);
  const { changes } = db.run(
    `INSERT OR IGNORE INTO jobs (tenant, job_id, kind, state, input, progress, result, attempts, created_at, updated_at)
     VALUES (?, ?, ?, 'queued', ?, 'null', 'null', 0, ?, ?)`,
    tenant,
    jobId,
    kind,
    json(input),
    now,
    now,
  );
  if (changes === 0) {
    throw new HybridRAGError("conflict", "A job with this id exists; give the new one an id of its own.");
  }
  return getJob({ db, now }, scope, jobId)!;
}

export function getJob({ db }: CallContext, scope: Scope, jobId: string): Job | null {
  const sql = `SELECT ${columns} FROM jobs WHERE tenant = ? AND job_id = ?`;
  const row = db.get<JobRow>(sql, tenantOf(db, scope), jobId);
  return row ? toJob(row) : null;
}

export function listJobs(
  { db }: CallContext,
  scope: Scope,
  request: PageRequest & { readonly state?: JobState },
): Page<Job> {
  const limit = checkedLimit(request.limit);
  const [before] = decodeCursor<[number]>(request.cursor, ["number"]) ?? [Number.MAX_SAFE_INTEGER];
  const rows = db.all<JobRow>(
    `SELECT ${columns} FROM jobs WHERE tenant = ?1 AND number < ?2 AND (?3 IS NULL OR state = ?3)
     ORDER BY number DESC LIMIT ?4`,
    tenantOf(db, scope),
    before,
    request.state ?? null,
    limit + 1,
  );
  return pageOf(rows, limit, toJob, (row) => [row.number]);
}

/** One writer at a time chooses and marks, so no two callers get one job. */
export function claimJob({ db, now }: CallContext, request: Parameters<JobStore["claim"]>[0]): ClaimedJob | null {
  const row = db.get<JobRow & { tenant: number }>(
    `UPDATE jobs SET state = 'running', owner = ?1, lease_until = ?2, attempts = attempts + 1, updated_at = ?3
     WHERE number = (
       SELECT number FROM jobs WHERE kind IN (SELECT value FROM json_each(?4))
       AND (state = 'queued' OR (state = 'running' AND lease_until <= ?3))
       ORDER BY created_at, number LIMIT 1)
     RETURNING tenant, ${columns}`,
    request.owner,
    now + request.leaseMs,
    now,
    JSON.stringify(request.kinds),
  );
  if (!row) return null;
  const { name } = db.get<{ name: string }>("SELECT name FROM tenants WHERE tenant = ?", row.tenant)!;
  return { tenant: name, job: toJob(row) };
}

/** Changes a job that the owner still holds; an undefined value stays as it is. */
function changeHeld(
  { db, now }: CallContext,
  scope: Scope,
  held: { readonly jobId: string; readonly owner: string },
  change: Readonly<Record<string, SqlValue | undefined>>,
): boolean {
  const all: Readonly<Record<string, SqlValue | undefined>> = { ...change, updated_at: now };
  const given = Object.entries(all).filter((entry): entry is [string, SqlValue] => entry[1] !== undefined);
  const { changes } = db.run(
    `UPDATE jobs SET ${given.map(([name]) => `${name} = ?`).join(", ")}
     WHERE tenant = ? AND job_id = ? AND owner = ? AND state = 'running' AND lease_until > ?`,
    ...given.map(([, value]) => value),
    tenantOf(db, scope),
    held.jobId,
    held.owner,
    now,
  );
  return changes > 0;
}

export const heartbeatJob = (
  context: CallContext,
  scope: Scope,
  request: Parameters<JobStore["heartbeat"]>[1],
): boolean =>
  changeHeld(context, scope, request, {
    lease_until: context.now + request.leaseMs,
    progress: request.progress === undefined ? undefined : json(request.progress),
  });

export const releaseJob = (context: CallContext, scope: Scope, request: Parameters<JobStore["release"]>[1]): boolean =>
  changeHeld(context, scope, request, {
    state: request.state,
    owner: null,
    lease_until: null,
    progress: request.progress === undefined ? undefined : json(request.progress),
    result: request.result === undefined ? undefined : json(request.result),
    error: request.error,
  });

export const cancelJob = ({ db, now }: CallContext, scope: Scope, jobId: string): boolean =>
  moveJob(db, now, { tenant: tenantOf(db, scope), jobId, from: ["queued", "paused", "running"], to: "cancelled" });

export const resumeJob = ({ db, now }: CallContext, scope: Scope, jobId: string): boolean =>
  moveJob(db, now, { tenant: tenantOf(db, scope), jobId, from: ["paused"], to: "queued" });

interface Move {
  readonly tenant: number | null;
  readonly jobId: string;
  readonly from: readonly JobState[];
  readonly to: JobState;
}

const moveJob = (db: Database, now: number, { tenant, jobId, from, to }: Move): boolean =>
  db.run(
    `UPDATE jobs SET state = ?, owner = NULL, lease_until = NULL, updated_at = ?
     WHERE tenant = ? AND job_id = ? AND state IN (SELECT value FROM json_each(?))`,
    to,
    now,
    tenant,
    jobId,
    JSON.stringify(from),
  ).changes > 0;
