import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import type { Job } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { holdsPassword, webAddressOf } from "../../ingest/web-item.ts";
import { ingestJobKind } from "../ingest-worker.ts";
import { ok, route, type Route, type StreamEvent } from "../route.ts";
import { checkMetadata, documentIdSchema, metadataSchema, pageOf, pageQuery } from "../schemas.ts";

const given = z.strictObject({
  source: z.string().min(1).max(2000).describe("Where it is from; its identity when no id is given."),
  document_id: documentIdSchema.optional(),
  title: z.string().max(1000).optional(),
  mime: z.string().max(200).optional(),
  metadata: metadataSchema.optional(),
  text: z
    .string()
    .min(1)
    .max(20_000_000)
    .optional()
    .describe("Without it the source is a web address, which is fetched where it leads into the public internet."),
});

function requireContent({ text, source }: z.output<typeof given>, path: string): void {
  const address = text === undefined ? webAddressOf(source) : null;
  if (text !== undefined || (address !== null && !holdsPassword(address))) return;
  throw new HybridRAGError("invalid_input", "Without a text the source must be a web address without a password.", {
    details: { path },
  });
}

const states = ["queued", "running", "paused", "done", "failed", "cancelled"] as const;

const job = z.object({
  job_id: z.string(),
  kind: z.string(),
  state: z.enum(states),
  progress: z.unknown(),
  result: z.unknown().describe("Of what was done: `files` with their outcomes, and `warnings`."),
  error: z.string().nullable(),
  attempts: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** The input stays behind: it is the text of the documents. */
const shown = ({ job_id, kind, state, progress, result, error, attempts, created_at, updated_at }: Job) => ({
  job_id,
  kind,
  state,
  progress: progress ?? null,
  result: result ?? null,
  error,
  attempts,
  created_at,
  updated_at,
});

/** What a job says of documents only whoever began it may read, and who reads everything. */
function mayWatch({ principals }: Scope, { input }: Job): boolean {
  const { principals: owner } = (input ?? {}) as { readonly principals?: Scope["principals"] };
  return principals === "all" || (Array.isArray(owner) && owner.length > 0 && principals.includes(owner[0]!));
}

const params = z.strictObject({ job_id: z.string().min(1).max(100) });

const missing = (): never => {
  throw new HybridRAGError("not_found", "There is no such job.");
};

export function ingestRoutes(rag: HybridRAG): readonly Route[] {
  const { jobs } = rag.store;
  const find = async (scope: Scope, jobId: string, signal: AbortSignal): Promise<Job> => {
    const found = await jobs.get(scope, jobId, { signal });
    return found && mayWatch(scope, found) ? found : missing();
  };
  return [
    route({
      method: "post",
      path: "/v1/ingest",
      summary: "Takes documents as a job that survives a crash of the server",
      tag: "documents",
      needs: "ingest",
      body: z.strictObject({ documents: z.array(given).min(1).max(1000) }),
      large: true,
      idempotent: true,
      responses: { 202: job },
      handle: async ({ principal, body, signal }) => {
        for (const [index, document] of body.documents.entries()) {
          checkMetadata(document.metadata, `/documents/${index}/metadata`);
          requireContent(document, `/documents/${index}/text`);
        }
        const created = await jobs.create(
          principal.scope,
          {
            jobId: randomUUID(),
            kind: ingestJobKind,
            input: { documents: body.documents, principals: principal.scope.principals },
          },
          { signal },
        );
        return { status: 202, body: shown(created), headers: { location: `/v1/jobs/${created.job_id}` } };
      },
    }),
    route({
      method: "get",
      path: "/v1/jobs",
      summary: "Jobs, newest first",
      tag: "jobs",
      needs: "ingest",
      query: pageQuery.extend({ state: z.enum(states).optional() }),
      responses: { 200: pageOf("jobs", job) },
      handle: async ({ principal, query: { limit, cursor, state }, signal }) => {
        const page = await jobs.list(
          principal.scope,
          { limit, cursor: cursor ?? null, ...(state ? { state } : {}) },
          { signal },
        );
        const watched = page.items.filter((one) => mayWatch(principal.scope, one));
        return ok({ jobs: watched.map(shown), next: page.next });
      },
    }),
    route({
      method: "get",
      path: "/v1/jobs/{job_id}",
      summary: "One job; as events, its progress until it ends",
      tag: "jobs",
      needs: "ingest",
      params,
      streams: true,
      responses: { 200: job },
      handle: async ({ principal, params: { job_id }, signal, wantsStream }) => {
        const found = await find(principal.scope, job_id, signal);
        return wantsStream ? { stream: follow(rag, principal.scope, found, signal) } : ok(shown(found));
      },
    }),
    route({
      method: "post",
      path: "/v1/jobs/{job_id}/cancel",
      summary: "Ends a job that has not ended",
      tag: "jobs",
      needs: "ingest",
      params,
      responses: { 200: job },
      handle: async ({ principal, params: { job_id }, signal }) => {
        await find(principal.scope, job_id, signal);
        await jobs.cancel(principal.scope, job_id, { signal });
        return ok(shown(await find(principal.scope, job_id, signal)));
      },
    }),
    route({
      method: "post",
      path: "/v1/jobs/{job_id}/resume",
      summary: "Goes on with a paused job",
      tag: "jobs",
      needs: "ingest",
      params,
      responses: { 200: job },
      handle: async ({ principal, params: { job_id }, signal }) => {
        await find(principal.scope, job_id, signal);
        await jobs.resume(principal.scope, job_id, { signal });
        return ok(shown(await find(principal.scope, job_id, signal)));
      },
    }),
  ];
}

const pollMs = 250;

/** The job may run on another server, so its state in the store is what is watched. */
async function* follow(rag: HybridRAG, scope: Scope, first: Job, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  let last = first;
  yield { event: "progress", data: shown(last) };
  while (last.state === "queued" || last.state === "running") {
    await sleep(pollMs, undefined, { signal });
    const next = (await rag.store.jobs.get(scope, last.job_id, { signal })) ?? missing();
    if (next.updated_at !== last.updated_at || next.state !== last.state)
      yield { event: "progress", data: shown(next) };
    last = next;
  }
  yield { event: "end", data: shown(last) };
}
