import { context, SpanStatusCode, trace, type Attributes, type Span } from "@opentelemetry/api";
import { HybridRAGError } from "../errors.ts";

/**
 * A stream inside a span: every step runs with the span active, whoever reads it, and the span ends with the stream,
 * also when its reader leaves early.
 */
export async function* spanStream<T>(
  name: string,
  attributes: Attributes,
  open: () => AsyncIterable<T>,
  onItem: (item: T, active: Span) => void = () => undefined,
): AsyncGenerator<T, void, void> {
  const active = trace.getTracer("hybridrag").startSpan(name, { attributes });
  const inside = trace.setSpan(context.active(), active);
  const iterator = context.with(inside, () => open()[Symbol.asyncIterator]());
  let ended = false;
  try {
    for (;;) {
      const next = await context.with(inside, () => iterator.next());
      if (next.done) {
        ended = true;
        return;
      }
      onItem(next.value, active);
      yield next.value;
    }
  } catch (error) {
    ended = true;
    active.setAttribute("error.type", error instanceof HybridRAGError ? error.code : "unexpected");
    active.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    if (!ended) await context.with(inside, () => iterator.return?.());
    active.end();
  }
}
