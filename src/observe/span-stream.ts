import { context, type Attributes, type Span } from "@opentelemetry/api";
import { openSpan, type SpanOptions } from "./span.ts";

/**
 * A stream inside a span: every step runs with the span active, whoever reads it, and the span ends with the stream,
 * also when its reader leaves early.
 */
export async function* spanStream<T>(
  name: string,
  attributes: Attributes,
  open: () => AsyncIterable<T>,
  onItem: (item: T, active: Span) => void = () => undefined,
  options?: SpanOptions,
): AsyncGenerator<T, void, void> {
  const { active, inside, fail } = openSpan(name, attributes, options);
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
    fail(error);
    throw error;
  } finally {
    if (!ended) await context.with(inside, () => iterator.return?.());
    active.end();
  }
}
