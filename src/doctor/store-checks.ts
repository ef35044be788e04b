import type { Config } from "../config/config.ts";
import { isHybridRAGError } from "../errors.ts";
import { engineOf } from "../open-store.ts";
import type { Store } from "../ports/store.ts";
import { type Check, failed, ok, warning } from "./check.ts";

/** Whether the engine opens and answers, and what it holds. `store` opens it at the first call. */
export const storeChecks = (config: Config, store: () => Promise<Store>): readonly Check[] => [
  {
    id: "store.health",
    area: "store",
    run: async () => {
      const opened = await store().catch((error: unknown) => {
        if (isHybridRAGError(error) && error.code === "not_ready" && engineOf(config) === "embedded") return null;
        throw error;
      });
      if (opened === null) return warning("Nothing has been ingested into this folder yet.", "hybridrag ingest PATH");
      const { ready, documents, chunks, behind, warnings, identity } = await opened.health();
      const made = identity === null ? "no embedder yet" : identity.embedder;
      const holds = `${engineOf(config)}: ${documents} documents, ${chunks} chunks, made with ${made}`;
      if (!ready)
        return failed(`${holds}. ${warnings[0]?.message ?? "It is not ready."}`, "hybridrag diagnose indexes");
      if (documents === 0) return warning(`${holds}.`, "hybridrag ingest PATH");
      if (behind > 0) return warning(`${holds}; search is ${behind} writes behind.`, "Wait, or ingest with --wait.");
      return ok(`${holds}.`);
    },
  },
];
