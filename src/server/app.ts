import type { Socket } from "node:net";
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
import { admit, answer } from "./answer-request.ts";
import type { Principal } from "./api-key.ts";
import type { AppParts } from "./app-parts.ts";
import { answerBroken, answerExpectation } from "./broken-request.ts";
import { inFlightGate, type InFlightGate } from "./in-flight-gate.ts";
import { readJsonOnly } from "./json-body.ts";
import { requestIdOf } from "./request-id.ts";
import type { Route } from "./route.ts";
import { sendNotFound, sendProblem } from "./send-problem.ts";

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
    clientErrorHandler: (error, socket) => answerBroken(error, socket as Socket),
  });
  app.server.on("checkExpectation", answerExpectation);
  readJsonOnly(app);
  // Before the plug-ins, which have routes of their own.
  app.setErrorHandler((error, request, reply) => sendProblem(parts, error, request, reply));
  app.setNotFoundHandler((request, reply) => sendNotFound(parts, request, reply));
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        ...contentPolicy,
        ...(settings.tls ? { upgradeInsecureRequests: [] } : { upgradeInsecureRequests: null }),
      },
    },
    strictTransportSecurity: settings.tls,
  });
  await app.register(cors, {
    origin: settings.corsOrigins.length > 0 ? [...settings.corsOrigins] : false,
    methods: [...new Set(parts.routes.map(({ method }) => method.toUpperCase()))],
    exposedHeaders: [...shownToPages],
    maxAge: 600,
  });
  await app.register(multipart, {
    limits: { fileSize: settings.uploadLimitBytes, files: 1, fields: 20, fieldSize: 65_536 },
  });
  await app.register(underPressure, { maxEventLoopDelay: settings.maxEventLoopDelayMs, retryAfter: 1 });
  app.addHook("onSend", async (_request, reply) => {
    await parts.gate.waiting();
    if (parts.draining()) reply.header("connection", "close");
  });
  app.addHook("onResponse", async (request, reply) => observeResponse(parts, request, reply));
  const gate = inFlightGate(settings.maxInFlight);
  for (const route of parts.routes) addRoute(app, parts, route, gate);
  return app;
}

/** Longer than balancers keep idle connections, so that it is never the server that closes one under a request. */
const keepAliveMs = 75_000;

/** What the script of a page from a listed origin may read beside the body. */
const shownToPages = ["location", "retry-after", "x-request-id", "x-trace-id", "idempotency-replayed"];

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
  const admitted = new WeakMap<FastifyRequest, Principal>();
  const run = (request: FastifyRequest, reply: FastifyReply) =>
    answer(parts, route, admitted.get(request)!, request, reply);
  app.route({
    method: route.method.toUpperCase(),
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    ...(route.large ? { bodyLimit: parts.settings.ingestBodyLimitBytes } : {}),
    // Whoever looks after the service must reach it most of all when there is too much work.
    config: { ...(isOperation ? neverShed : {}), openAi: route.openAi === true } as FastifyContextConfig,
    // Before the body is read: a stranger cannot make the server parse anything.
    onRequest: async (request) => void admitted.set(request, await admit(parts, route, request)),
    handler: isOperation ? run : (request, reply) => gate(() => run(request, reply)),
  });
}

function observeResponse({ metrics }: AppParts, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? "unknown";
  // 499, as nginx has it: the client went away.
  const status = reply.raw.writableFinished ? String(reply.statusCode) : "499";
  metrics.httpRequests.inc({ route, method: request.method, status });
  metrics.httpLatency.observe({ route }, reply.elapsedTime / 1000);
}
