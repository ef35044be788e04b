import type { Store } from "../ports/store.ts";
import type { Scope } from "../scope.ts";

/** How long a document stays another's that tells nothing any more. */
const leaseMs = 20_000;
const space = "ingesting";

/**
 * Which process makes a version of a document, where several write to one store: the first that claims it. The claim
 * ends with the work, or some seconds after the process that has it ended.
 */
export interface DocumentClaims {
  /** Null: another makes this version now. Else what ends the claim. */
  take(documentId: string, contentHash: string): Promise<(() => Promise<void>) | null>;
}

/** @param owner unique among all that ingest now. */
export function documentClaims(store: Store, scope: Scope, owner: string): DocumentClaims {
  if (store.capabilities().manyWriters !== true) return { take: async () => async () => undefined };
  return {
    take: async (documentId, contentHash) => {
      const key = `${documentId} ${contentHash}`;
      const { value } = await store.caches.claim(scope, space, key, owner, leaseMs);
      if (value !== owner) return null;
      // A renewal that fails costs only that another may do the same work again.
      const renewal = setInterval(
        () => void store.caches.set(scope, space, key, owner, leaseMs).catch(() => undefined),
        leaseMs / 3,
      );
      renewal.unref();
      return async () => {
        clearInterval(renewal);
        await store.caches.delete(scope, space, key).catch(() => undefined);
      };
    },
  };
}
