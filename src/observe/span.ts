import { SpanStatusCode, trace, type Attributes, type Span } from "@opentelemetry/api";
import { HybridRAGError } from "../errors.ts";

const tracerName = "hybridrag";

/**
 * Runs a step inside a span named `area.step`. Without a registered tracer provider this costs about a microsecond.
 * Attributes hold counts, names and times, never the text of a question or a document.
 */
export function span<T>(name: string, attributes: Attributes, run: (active: Span) => Promise<T>): Promise<T> {
  return trace.getTracer(tracerName).startActiveSpan(name, { attributes }, async (active) => {
    try {
      return await run(active);
    } catch (error) {
      active.setAttribute("error.type", error instanceof HybridRAGError ? error.code : "unexpected");
      active.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      active.end();
    }
  });
}
