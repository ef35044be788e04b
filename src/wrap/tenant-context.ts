import { AsyncLocalStorage } from "node:async_hooks";
import type { Scope } from "../scope.ts";

/**
 * For whom a call is made, known to what stands around providers although their ports do not carry it: budgets and
 * caches belong to a tenant. Work that is started inside inherits it.
 */
export interface TenantContext {
  /** Null outside of any call. */
  current(): Scope | null;
  run<T>(scope: Scope, work: () => T): T;
  /** A stream all of whose steps run for the scope, whoever reads it. */
  stream<T>(scope: Scope, open: () => AsyncIterable<T>): AsyncIterable<T>;
}

export function tenantContext(): TenantContext {
  const storage = new AsyncLocalStorage<Scope>();
  const run = <T>(scope: Scope, work: () => T): T => storage.run(scope, work);
  return {
    current: () => storage.getStore() ?? null,
    run,
    stream: <T>(scope: Scope, open: () => AsyncIterable<T>) => ({
      [Symbol.asyncIterator]() {
        const iterator = run(scope, () => open()[Symbol.asyncIterator]());
        return {
          next: () => run(scope, () => iterator.next()),
          return: async (value?: unknown): Promise<IteratorResult<T>> => {
            await run(scope, () => iterator.return?.(value));
            return { done: true, value: undefined };
          },
        };
      },
    }),
  };
}
