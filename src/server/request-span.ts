import { context, propagation, SpanKind } from "@opentelemetry/api";
import type { FastifyReply, FastifyRequest } from "fastify";
import { sessionOf } from "../observe/observe-rag.ts";
import { span } from "../observe/span.ts";
import type { Principal } from "./api-key.ts";
import type { Route } from "./route.ts";

/**
 * One span for a request, in the trace that its `traceparent` names (W3C Trace Context), under OpenTelemetry's names
 * for HTTP servers. Everything inside it belongs to the caller. The answer tells its trace in `x-trace-id`, where
 * there is one.
 */
export function requestSpan(
  route: Route,
  principal: Principal,
  request: FastifyRequest,
  reply: FastifyReply,
  run: () => Promise<void>,
): Promise<void> {
  const method = route.method.toUpperCase();
  return span(
    `${method} ${route.path}`,
    { "http.request.method": method, "http.route": route.path, "hybridrag.request_id": request.id },
    async (active) => {
      if (active.isRecording()) reply.header("x-trace-id", active.spanContext().traceId);
      await run();
      active.setAttribute("http.response.status_code", reply.raw.statusCode);
    },
    {
      handedDown: { "user.id": userOf(principal), ...sessionOf(request.body) },
      parent: propagation.extract(context.active(), request.headers),
      kind: SpanKind.SERVER,
    },
  );
}

/** Langfuse takes 200 characters. */
const userOf = ({ actor }: Principal): string => actor.slice(0, 200);
