import type { DocumentStore } from "../../ports/store.ts";
import type { Frozen } from "./index/freeze-index.ts";
import type { Reads, Writes } from "./workers/operations.ts";

/** Keeps shared bases and snapshot files near what was written, in the background. */
export interface IndexKeeper {
  /** The same port, counted: enough changes of a tenant start a new base. */
  counted(documents: DocumentStore): DocumentStore;
  /** A reader had to build this tenant's index: writes it to a file, so that the next start need not. */
  rebuilt(tenantKey: number): void;
  /** Brings what lags behind up to date, so that the next start is quick, and ends. */
  close(): Promise<void>;
}

/** A new base costs as much as it is large, so it waits for a quarter of it, and for at least so many chunks. */
const whileOpen = { changes: 2000, share: 0.25 };
/** At the end less is worth the while: the next start would have to catch up with it. */
const atClose = { changes: 500, share: 0.05 };

/** @param freeze calls of a worker that does nothing else, so that no search waits for it. */
export function indexKeeper(freeze: Reads, write: Writes): IndexKeeper {
  const changes = new Map<string, number>();
  const sizes = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  let last = Promise.resolve();

  const isDue = (tenant: string): boolean =>
    (changes.get(tenant) ?? 0) >= Math.max(whileOpen.changes, whileOpen.share * (sizes.get(tenant) ?? 0));

  function count(tenant: string, chunks: number): void {
    changes.set(tenant, (changes.get(tenant) ?? 0) + chunks);
    if (!isDue(tenant) || running.has(tenant)) return;
    changes.set(tenant, 0);
    running.set(
      tenant,
      inTurn(() => renew(tenant, whileOpen.share)).finally(() => running.delete(tenant)),
    );
  }

  /** One after another: a file that is not named yet must not be taken for an old one. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    last = last.then(work);
    return last;
  }

  /** A base that could not be made is no harm: the log still holds everything. The next changes try again. */
  async function renew(tenant: string | number, share: number): Promise<void> {
    try {
      const frozen: Frozen | null = await freeze("index.freeze", [tenant, share]);
      if (!frozen) return;
      if (typeof tenant === "string") sizes.set(tenant, frozen.chunks);
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
      restore: async (scope, version, options) => {
        const outcome = await documents.restore(scope, version, options);
        if (outcome === "restored") count(scope.tenant, version.chunks.length);
        return outcome;
      },
      delete: async (scope, documentId, options) => {
        const isGone = await documents.delete(scope, documentId, options);
        if (isGone) count(scope.tenant, 1);
        return isGone;
      },
    }),
    rebuilt: (tenantKey) => void inTurn(() => renew(tenantKey, whileOpen.share)),
    close: async () => {
      await last;
      const behind = [...changes].filter(([, count]) => count >= atClose.changes).map(([tenant]) => tenant);
      await Promise.all(behind.map((tenant) => inTurn(() => renew(tenant, atClose.share))));
    },
  };
}
