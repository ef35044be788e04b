import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../../config/config.ts";
import { isHybridRAGError } from "../../errors.ts";
import { indexDataset } from "../../evaluate/index-dataset.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import { openHybridRAG } from "../../open.ts";
import { ownerScope } from "../../scope.ts";
import type { Collection } from "./collections.ts";
import type { Indexed } from "./indexed.ts";
import { rememberQueries } from "./remember-queries.ts";

/** An engine with the settings of the environment, whose indexes of collections are kept from run to run. */
export interface Workbench {
  readonly rag: HybridRAG;
  /** Fingerprint of the embedder, or "none". */
  readonly embedder: string;
  /** Indexes what is not indexed yet, in a tenant of the collection's own. */
  index(collection: Collection): Promise<Indexed>;
  close(): Promise<void>;
}

export async function openWorkbench(note: (text: string) => void): Promise<Workbench> {
  const rag = await openKept(note);
  const embedder = rag.embedder === null ? null : rememberQueries(rag.embedder);
  return {
    rag,
    embedder: embedder?.fingerprint ?? "none",
    index: async ({ name, dataset }) => {
      const scope = ownerScope(`bench-${name}`);
      await indexDataset(rag, scope, dataset.documents, {
        onEvent: (event) => {
          if (event.type === "summary" && event.summary.documents > 0)
            note(`${name}: indexed ${event.summary.documents} documents in ${event.summary.seconds.toFixed(0)} s`);
          if (event.type === "file" && event.result.outcome === "failed") note(`${name}: ${event.result.reason}`);
        },
      });
      return { ports: { ...rag.ports, embedder }, scope, settings: rag.settings };
    },
    close: () => rag.close(),
  };
}

/** The folder holds nothing that cannot be made again, so an index of another embedder or chunker makes way. */
async function openKept(note: (text: string) => void): Promise<HybridRAG> {
  const { config } = loadConfig();
  const name = createHash("sha256").update(config.embedder).digest("hex").slice(0, 8);
  const data_dir = join(".hybridrag", "bench", name);
  const open = () => openHybridRAG({ ...config, data_dir }, { access: "write" });
  try {
    return await open();
  } catch (error) {
    const isStale = isHybridRAGError(error) && ["index_mismatch", "data_newer"].includes(error.code);
    if (!isStale) throw error;
    note(`The kept index is made again: ${error.message}`);
    await rm(data_dir, { recursive: true, force: true });
    return open();
  }
}
