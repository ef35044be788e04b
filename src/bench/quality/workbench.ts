import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../../config/config.ts";
import { isHybridRAGError } from "../../errors.ts";
import { indexDataset, type Indexing } from "../../evaluate/index-dataset.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import { ingest } from "../../ingest/ingest.ts";
import { loadPool } from "../../ingest/load/load-pool.ts";
import type { GivenDocument } from "../../ingest/sources.ts";
import { openHybridRAG } from "../../open.ts";
import type { Extractor } from "../../ports/extractor.ts";
import { ownerScope } from "../../scope.ts";
import type { Collection } from "./collections.ts";
import type { Indexed } from "./indexed.ts";
import { rememberQueries } from "./remember-queries.ts";

/** An engine with the settings of the environment, whose indexes of collections are kept from run to run. */
export interface Workbench {
  readonly rag: HybridRAG;
  /** Fingerprint of the embedder, or "none". */
  readonly embedder: string;
  /** Indexes what is not indexed yet, in a tenant of the collection's own; `variant` by other rules in another. */
  index(collection: Pick<Collection, "name" | "dataset">, variant?: Variant): Promise<Indexed>;
  /** Ingests documents as a user does, in a tenant of their own. */
  given(name: string, documents: readonly GivenDocument[]): Promise<Indexed>;
  close(): Promise<void>;
}

/** A collection as other rules read it. */
export interface Variant {
  readonly name: string;
  readonly extractor: Extractor;
}

export async function openWorkbench(note: (text: string) => void): Promise<Workbench> {
  const rag = await openKept(note);
  const embedder = rag.embedder === null ? null : rememberQueries(rag.embedder);
  return {
    rag,
    embedder: embedder?.fingerprint ?? "none",
    index: async ({ name, dataset }, variant) => {
      const scope = ownerScope(`bench-${name}${variant === undefined ? "" : ` ${variant.name}`}`);
      await indexDataset(indexingOf(rag, variant), scope, dataset.documents, {
        onEvent: (event) => {
          if (event.type === "summary" && event.summary.documents > 0)
            note(`${name}: indexed ${event.summary.documents} documents in ${event.summary.seconds.toFixed(0)} s`);
          if (event.type === "file" && event.result.outcome === "failed") note(`${name}: ${event.result.reason}`);
        },
      });
      return { ports: { ...rag.ports, embedder }, scope, settings: rag.settings };
    },
    given: async (name, documents) => {
      const scope = ownerScope(`bench-${name}`);
      for await (const event of rag.ingest(scope, documents, { cwd: "." }))
        if (event.type === "file" && event.result.outcome === "failed") note(`${name}: ${event.result.reason}`);
      await rag.store.settle();
      return { ports: { ...rag.ports, embedder }, scope, settings: rag.settings };
    },
    close: () => rag.close(),
  };
}

function indexingOf(rag: HybridRAG, variant: Variant | undefined): Indexing {
  if (variant === undefined) return rag;
  const pool = loadPool({ maxFileBytes: 2 ** 20 });
  const dependencies = { store: rag.store, embedder: rag.embedder, pool, now: rag.ports.now };
  return {
    store: rag.store,
    ingest: async function* (scope, sources, options) {
      yield* ingest(sources, { ...dependencies, extractor: variant.extractor }, { ...options, scope });
      await pool.close();
    },
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
