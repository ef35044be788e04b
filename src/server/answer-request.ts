import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import { requireScope, type Principal } from "./api-key.ts";
import type { AppParts } from "./app-parts.ts";
import { once } from "./idempotency.ts";
import { requestSpan } from "./request-span.ts";
import { parseWith, type Call, type Reply, type Route } from "./route.ts";
import { report } from "./send-problem.ts";
import { writeEvents } from "./sse.ts";

/** Answers a request that was admitted, inside a span when its work belongs into a trace. */
export function answer(
  parts: AppParts,
  route: Route,
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const run = (): Promise<void> => answerChecked(parts, route, principal, request, reply);
  return route.needs === null ? run() : requestSpan(route, principal, request, reply, run);
}

/** Checks it, runs its route, keeps a record and answers. */
async function answerChecked(
  parts: AppParts,
  route: Route,
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.header("x-request-id", request.id);
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort(new HybridRAGError("deadline_exceeded", "The client went away."));
  });
  const call = {
    params: route.params ? parseWith(route.params, request.params, "address") : undefined,
    query: route.query ? parseWith(route.query, request.query, "query string") : undefined,
    body: route.body ? parseWith(route.body, request.body, "body") : undefined,
    uploaded: await route.upload?.(request),
    principal,
    requestId: request.id,
    signal: gone.signal,
    wantsStream: route.streams === true && /\btext\/event-stream\b/.test(request.headers.accept ?? ""),
    raw: request,
  } as Call<never, never, never>;
  const result = await audited(parts, route, request, principal, () => runOnce(parts, route, request, call));
  await send(parts, request, reply, result);
}

/** Who asks, whether they may, and whether they ask too often. Without `needs` anyone may. */
export async function admit(
  { authenticate, limit }: AppParts,
  route: Route,
  request: FastifyRequest,
): Promise<Principal> {
  if (route.needs === null) return nobody;
  const principal = await authenticate(request.headers.authorization);
  requireScope(principal, route.needs);
  await limit(principal);
  return principal;
}

const nobody: Principal = { actor: "nobody", scope: { tenant: "", principals: [] }, scopes: [] };

function runOnce(
  parts: AppParts,
  route: Route,
  request: FastifyRequest,
  call: Call<never, never, never>,
): Promise<Reply> {
  const key = request.headers["idempotency-key"];
  if (!route.idempotent || key === undefined) return route.handle(call);
  if (typeof key !== "string" || !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new HybridRAGError("invalid_input", "An Idempotency-Key has 1 to 200 visible ASCII characters.", {
      details: { path: "/idempotency-key" },
    });
  }
  const unique = `${call.principal.actor} ${route.method} ${request.url} ${key}`;
  const body = call.uploaded ?? request.body;
  return once(parts.caches, call.principal.scope, unique, body, () => route.handle(call));
}

async function send(parts: AppParts, request: FastifyRequest, reply: FastifyReply, result: Reply): Promise<void> {
  if ("status" in result) {
    if (result.headers) reply.headers(result.headers);
    if (result.body === undefined) await reply.code(result.status).send();
    else if (typeof result.body === "string") await reply.code(result.status).send(result.body);
    else await reply.code(result.status).type("application/json; charset=utf-8").send(JSON.stringify(result.body));
    return;
  }
  if ("pieces" in result) {
    await reply.code(200).headers(result.headers).send(Readable.from(result.pieces));
    return;
  }
  reply.hijack();
  const headers = Object.fromEntries(
    Object.entries(reply.getHeaders()).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  await writeEvents(reply.raw, result.stream, {
    headers,
    ...(result.done === undefined ? {} : { done: result.done }),
    problem: (error) => report(parts, error, request).problem,
  });
}

/** Questions are sent by POST too, and write nothing. */
const isAudited = ({ method, needs, idempotent, recordsItself }: Route): boolean =>
  method !== "get" && recordsItself !== true && (needs !== "query" || idempotent === true || method === "delete");

/** Keeps a record of what was written, and of what was refused. */
async function audited(
  parts: AppParts,
  route: Route,
  request: FastifyRequest,
  principal: Principal,
  run: () => Promise<Reply>,
): Promise<Reply> {
  if (!isAudited(route)) return run();
  try {
    const result = await run();
    await writeAudit(parts, route, request, principal, "status" in result ? String(result.status) : "stream");
    return result;
  } catch (error) {
    await writeAudit(parts, route, request, principal, isHybridRAGError(error) ? error.code : "unexpected");
    throw error;
  }
}

async function writeAudit(
  { audit, now, log }: AppParts,
  route: Route,
  request: FastifyRequest,
  principal: Principal,
  outcome: string,
): Promise<void> {
  const entry = {
    at: new Date(now()).toISOString(),
    actor: principal.actor,
    action: `${route.method} ${route.path}`,
    target: Object.values(request.params as Record<string, string>).join("/"),
    outcome,
    request_id: request.id,
  };
  // The work is done; to call it failed because its record is not written would be wrong as well.
  await audit.append(principal.scope, entry).catch((error: unknown) => {
    log.error({ ...entry, exception: error }, "audit_failed");
  });
}
