import { AsyncLocalStorage } from "node:async_hooks";
import type { Scope } from "../scope.ts";

/**
 * For whom a call is made, known to what stands around providers although their ports do not carry it: budgets and
 * caches belong to a tenant. Work that is started inside inherits it.
 */
export interface TenantContext {
  /** Null outside of any call. */
  current(): Scope | null;
  /** Whether it is made for documents that are being taken in, which somebody may have to do again. */
  isIngest(): boolean;
  run<T>(scope: Scope, work: () => T): T;
  /** A stream all of whose steps run for the scope, whoever reads it. */
  stream<T>(scope: Scope, open: () => AsyncIterable<T>, purpose?: Purpose): AsyncIterable<T>;
}

type Purpose = "ingest" | "any";

export function tenantContext(): TenantContext {
  const storage = new AsyncLocalStorage<{ readonly scope: Scope; readonly purpose: Purpose }>();
  return {
    current: () => storage.getStore()?.scope ?? null,
    isIngest: () => storage.getStore()?.purpose === "ingest",
    run: (scope, work) => storage.run({ scope, purpose: "any" }, work),
    stream: <T>(scope: Scope, open: () => AsyncIterable<T>, purpose: Purpose = "any") => ({
      [Symbol.asyncIterator]() {
        const run = <R>(step: () => R): R => storage.run({ scope, purpose }, step);
        const iterator = run(() => open()[Symbol.asyncIterator]());
        return {
          next: () => run(() => iterator.next()),
          return: async (value?: unknown): Promise<IteratorResult<T>> => {
            await run(() => iterator.return?.(value));
            return { done: true, value: undefined };
          },
        };
      },
    }),
  };
}
