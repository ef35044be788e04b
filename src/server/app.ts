import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import underPressure from "@fastify/under-pressure";
import {
  fastify,
  type FastifyContextConfig,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Logger } from "pino";
import { HybridRAGError } from "../errors.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { AuditLog } from "../ports/key-store.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import { requireScope, type Principal } from "./api-key.ts";
import type { Authenticator } from "./authenticate.ts";
import { once } from "./idempotency.ts";
import { inFlightGate, type InFlightGate } from "./in-flight-gate.ts";
import { problemOf, problemType, withOpenAiError } from "./problem.ts";
import type { RateLimiter } from "./rate-limit.ts";
import { requestIdOf } from "./request-id.ts";
import { parseWith, type Call, type Reply, type Route } from "./route.ts";
import { writeEvents } from "./sse.ts";

export interface AppSettings {
  readonly bodyLimitBytes: number;
  readonly ingestBodyLimitBytes: number;
  readonly uploadLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly corsOrigins: readonly string[];
  /** Addresses of the balancer, whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Work is shed when the event loop is later than this, and when more requests are in flight. */
  readonly maxEventLoopDelayMs: number;
  readonly maxInFlight: number;
  readonly tls: boolean;
}

export interface AppParts {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticator;
  readonly limit: RateLimiter;
  readonly caches: CacheStore;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly settings: AppSettings;
  /** While true, each answer tells its connection to close. */
  readonly draining: () => boolean;
  readonly now: () => number;
}

/** The service as one Fastify application, not yet listening. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { settings } = parts;
  const app = fastify({
    logger: false,
    bodyLimit: settings.bodyLimitBytes,
    requestTimeout: settings.requestTimeoutMs,
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    frameworkErrors: (error, request, reply) => void sendProblem(parts, error, request, reply),
    genReqId: requestIdOf,
    return503OnClosing: false,
    keepAliveTimeout: keepAliveMs,
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        ...contentPolicy,
        ...(settings.tls ? { upgradeInsecureRequests: [] } : { upgradeInsecureRequests: null }),
      },
    },
    strictTransportSecurity: settings.tls,
  });
  await app.register(cors, { origin: settings.corsOrigins.length > 0 ? [...settings.corsOrigins] : false });
  await app.register(multipart, {
    limits: { fileSize: settings.uploadLimitBytes, files: 1, fields: 20, fieldSize: 65_536 },
  });
  await app.register(underPressure, { maxEventLoopDelay: settings.maxEventLoopDelayMs, retryAfter: 1 });
  app.setErrorHandler((error, request, reply) => sendProblem(parts, error, request, reply));
  app.setNotFoundHandler((request, reply) => sendNotFound(parts, request, reply));
  app.addHook("onSend", async (_request, reply) => {
    if (parts.draining()) reply.header("connection", "close");
  });
  app.addHook("onResponse", async (request, reply) => observeResponse(parts, request, reply));
  const gate = inFlightGate(settings.maxInFlight);
  for (const route of parts.routes) addRoute(app, parts, route, gate);
  return app;
}

/** Longer than balancers keep idle connections, so that it is never the server that closes one under a request. */
const keepAliveMs = 75_000;

const contentPolicy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Read by the plug-in that sheds load. */
const neverShed = { pressureHandler: () => undefined };

function addRoute(app: FastifyInstance, parts: AppParts, route: Route, gate: InFlightGate): void {
  const isOperation = route.needs === null || route.tag === "operations";
  const run = (request: FastifyRequest, reply: FastifyReply) => answer(parts, route, request, reply);
  app.route({
    method: route.method.toUpperCase(),
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    ...(route.large ? { bodyLimit: parts.settings.ingestBodyLimitBytes } : {}),
    // Whoever looks after the service must reach it most of all when there is too much work.
    config: { ...(isOperation ? neverShed : {}), openAi: route.openAi === true } as FastifyContextConfig,
    handler: isOperation ? run : (request, reply) => gate(() => run(request, reply)),
  });
}

async function answer(parts: AppParts, route: Route, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header("x-request-id", request.id);
  const principal = await admit(parts, route, request);
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort(new HybridRAGError("deadline_exceeded", "The client went away."));
  });
  const call = {
    params: route.params ? parseWith(route.params, request.params, "address") : undefined,
    query: route.query ? parseWith(route.query, request.query, "query string") : undefined,
    body: route.body ? parseWith(route.body, request.body, "body") : undefined,
    principal,
    requestId: request.id,
    signal: gone.signal,
    wantsStream: route.streams === true && /\btext\/event-stream\b/.test(request.headers.accept ?? ""),
    raw: request,
  } as Call<never, never, never>;
  const result = await runOnce(parts, route, request, call);
  if (route.method !== "get" && route.needs !== "query") await writeAudit(parts, route, request, principal, result);
  await send(parts, request, reply, result);
}

/** Who asks, whether they may, and whether they ask too often. Without `needs` anyone may. */
async function admit({ authenticate, limit }: AppParts, route: Route, request: FastifyRequest): Promise<Principal> {
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
  return once(parts.caches, call.principal.scope, unique, request.body, () => route.handle(call));
}

async function send(parts: AppParts, request: FastifyRequest, reply: FastifyReply, result: Reply): Promise<void> {
  if ("status" in result) {
    if (result.headers) reply.headers(result.headers);
    if (result.body === undefined) await reply.code(result.status).send();
    else if (typeof result.body === "string") await reply.code(result.status).send(result.body);
    else await reply.code(result.status).type("application/json; charset=utf-8").send(JSON.stringify(result.body));
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

/** Turns an error into a reply and writes the unexpected ones to the log: their text is never shown. */
function report({ log, metrics }: AppParts, error: unknown, request: FastifyRequest) {
  const reply = problemOf(error, request.id);
  if (reply.unexpected) log.error({ request_id: request.id, exception: error }, "request_failed");
  if (reply.status === 429 || reply.status === 503) metrics.rejected.inc({ reason: reply.problem.code });
  return reply;
}

async function sendProblem(
  parts: AppParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { status, problem, retryAfterSeconds } = report(parts, error, request);
  reply.header("x-request-id", request.id);
  if (retryAfterSeconds !== null) reply.header("retry-after", String(retryAfterSeconds));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  const { openAi } = request.routeOptions.config as { readonly openAi?: boolean };
  await reply
    .code(status)
    .type(problemType)
    .send(JSON.stringify(openAi ? withOpenAiError(problem) : problem));
}

/** An address that exists for other methods is told apart from one that does not (RFC 9110, 15.5.6). */
async function sendNotFound(parts: AppParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const path = request.url.split("?", 1)[0]!;
  const methods = parts.routes.filter((route) => matchesPath(route, path)).map(({ method }) => method.toUpperCase());
  if (methods.length === 0) {
    return sendProblem(parts, new HybridRAGError("not_found", "There is nothing at this address."), request, reply);
  }
  reply.header("allow", methods.join(", "));
  await sendProblem(parts, { statusCode: 405 }, request, reply);
}

const matchesPath = ({ path }: Route, given: string): boolean => {
  const steps = path.split("/");
  const givenSteps = given.split("/");
  return steps.length === givenSteps.length && steps.every((step, i) => step.startsWith("{") || step === givenSteps[i]);
};

function observeResponse({ metrics }: AppParts, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? "unknown";
  metrics.httpRequests.inc({ route, method: request.method, status: String(reply.statusCode) });
  metrics.httpLatency.observe({ route }, reply.elapsedTime / 1000);
}

async function writeAudit(
  { audit, now, log }: AppParts,
  route: Route,
  request: FastifyRequest,
  principal: Principal,
  result: Reply,
): Promise<void> {
  const entry = {
    at: new Date(now()).toISOString(),
    actor: principal.actor,
    action: `${route.method} ${route.path}`,
    target: Object.values(request.params as Record<string, string>).join("/"),
    outcome: "status" in result ? String(result.status) : "stream",
    request_id: request.id,
  };
  // The work is done; to call it failed because its record is not written would be wrong as well.
  await audit.append(principal.scope, entry).catch((error: unknown) => {
    log.error({ ...entry, exception: error }, "audit_failed");
  });
}
