import type { FastifyReply, FastifyRequest } from "fastify";
import { HybridRAGError } from "../errors.ts";
import type { AppParts } from "./app-parts.ts";
import { problemOf, problemType, withOpenAiError } from "./problem.ts";
import type { Route } from "./route.ts";

/** Turns an error into a reply and writes the unexpected ones to the log: their text is never shown. */
export function report({ log, metrics }: AppParts, error: unknown, request: FastifyRequest) {
  const reply = problemOf(error, request.id);
  if (reply.unexpected) log.error({ request_id: request.id, exception: error }, "request_failed");
  if (reply.status === 429 || reply.status === 503) metrics.rejected.inc({ reason: reply.problem.code });
  return reply;
}

export async function sendProblem(
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
export async function sendNotFound(parts: AppParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
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
