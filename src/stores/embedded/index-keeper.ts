import type { DocumentStore } from "../../ports/store.ts";
import type { Frozen } from "./index/freeze-index.ts";
import type { Reads, Writes } from "./workers/operations.ts";

/** Keeps shared bases and snapshot files near what was written, in the background. */
export interface IndexKeeper {
  /** The same port, counted: enough changes of a tenant start a new base. */
  counted(documents: DocumentStore): DocumentStore;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** A new base costs as much as it is large, so it waits for a tenth of it, and for at least so many chunks. */
const leastChanges = 2000;
const share = 0.1;

/** @param freeze calls of a worker that does nothing else, so that no search waits for it. */
export function indexKeeper(freeze: Reads, write: Writes): IndexKeeper {
  const changes = new Map<string, number>();
  const sizes = new Map<string, number>();
  const running = new Map<string, Promise<void>>();

  const isDue = (tenant: string): boolean =>
    (changes.get(tenant) ?? 0) >= Math.max(leastChanges, share * (sizes.get(tenant) ?? 0));

  function count(tenant: string, chunks: number): void {
    changes.set(tenant, (changes.get(tenant) ?? 0) + chunks);
    if (!isDue(tenant) || running.has(tenant)) return;
    changes.set(tenant, 0);
    running.set(
      tenant,
      renew(tenant).finally(() => running.delete(tenant)),
    );
  }

  /** A base that could not be made is no harm: the log still holds everything. The next changes try again. */
  async function renew(tenant: string): Promise<void> {
    try {
      const frozen: Frozen | null = await freeze("index.freeze", [tenant]);
      if (!frozen) return;
      sizes.set(tenant, frozen.chunks);
      await write("index.commit", [frozen]);
    } catch {
      return;
    }
  }

  return {
    counted: (documents) => ({
      ...documents,
      put: async (scope, version, options) => {
        const result = await documents.put(scope, version, options);
        if (result.outcome !== "unchanged") count(scope.tenant, version.chunks.length);
        return result;
      },
      delete: async (scope, documentId, options) => {
        const isGone = await documents.delete(scope, documentId, options);
        if (isGone) count(scope.tenant, 1);
        return isGone;
      },
    }),
    close: async () => {
      await Promise.all(running.values());
    },
  };
}
