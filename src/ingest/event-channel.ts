/** Events from many tasks to one reader, in the order in which they were sent. */
export interface EventChannel<T> extends AsyncIterable<T> {
  send(event: T): void;
  /** Ends the reader after the events sent before; with an error, by throwing it. */
  end(error?: unknown): void;
}

export function eventChannel<T>(): EventChannel<T> {
  const events: T[] = [];
  let ended: { readonly error: unknown } | null = null;
  let wake: (() => void) | null = null;

  const notify = (): void => {
    wake?.();
    wake = null;
  };
  return {
    send(event) {
      if (ended) return;
      events.push(event);
      notify();
    },
    end(error) {
      ended ??= { error };
      notify();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        yield* events.splice(0);
        if (events.length > 0) continue;
        if (ended) {
          if (ended.error !== undefined) throw ended.error;
          return;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
