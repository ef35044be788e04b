/** What can go wrong with one answer. Faults are taken in order; each is used `times` times (1 by default). */
export type Fault = (
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number; readonly code?: string }
  /** The request is read and never answered. */
  | { readonly kind: "hang" }
  /** The connection is reset before a byte is sent. */
  | { readonly kind: "reset" }
  /** The connection is dropped after this many bytes of the body. */
  | { readonly kind: "cut"; readonly bytes: number }
  /** Status 200 and a body that is no JSON; in a stream, an event that is none. */
  | { readonly kind: "malformed" }
  /** The body comes in pieces of this many bytes, one every `everyMs`. */
  | { readonly kind: "drip"; readonly bytes: number; readonly everyMs: number }
  /** A language model declines. */
  | { readonly kind: "refusal" }
  /** A language model's citation repeats its source wrongly. */
  | { readonly kind: "misquote" }
  /** After status 200 and some text, a stream brings the provider's error instead of its end. */
  | { readonly kind: "stream-error" }
) & {
  /** Only for requests whose path contains this. */
  readonly path?: string;
  readonly times?: number;
};

export interface FaultScript {
  add(...faults: readonly Fault[]): void;
  clear(): void;
  /** The next fault for this path, which is thereby used up; null when none waits. */
  take(path: string): Fault | null;
  readonly waiting: number;
}

export function faultScript(): FaultScript {
  let queue: { fault: Fault; left: number }[] = [];
  return {
    add(...faults) {
      queue.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
    },
    clear() {
      queue = [];
    },
    take(path) {
      const next = queue.find(({ fault }) => fault.path === undefined || path.includes(fault.path));
      if (next === undefined) return null;
      next.left--;
      if (next.left <= 0) queue = queue.filter((entry) => entry !== next);
      return next.fault;
    },
    get waiting() {
      return queue.length;
    },
  };
}
