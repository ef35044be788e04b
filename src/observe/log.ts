import { trace } from "@opentelemetry/api";
import { pino, type DestinationStream, type Logger } from "pino";
import { redact } from "../redact.ts";

/**
 * The guide's structured log: one JSON object a line with `event`, `level`, `timestamp`, `logger`. Question and
 * document text are never passed to it; keys that slip into a message or an error are removed here.
 */
export function createLog(options: { readonly level: string; readonly destination?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: "event",
      errorKey: "exception",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        exception: (error: unknown) => redact(error instanceof Error ? (error.stack ?? error.message) : String(error)),
        error: (error: unknown) => redact(error instanceof Error ? error.message : String(error)),
      },
      mixin: traceOf,
      hooks: {
        logMethod(args, method) {
          const cleaned = args.map((arg) => (typeof arg === "string" ? redact(arg) : arg));
          method.apply(this, cleaned as Parameters<typeof method>);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** The trace that a line belongs to, under the names that log viewers link by. */
function traceOf(): object {
  const active = trace.getActiveSpan();
  if (active === undefined || !active.isRecording()) return {};
  const { traceId, spanId } = active.spanContext();
  return { trace_id: traceId, span_id: spanId };
}
