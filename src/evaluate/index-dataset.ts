import type { IngestOptions } from "../ingest/ingest.ts";
import type { IngestEvent } from "../ingest/ingest-events.ts";
import type { IngestSource } from "../ingest/sources.ts";
import type { Store } from "../ports/store.ts";
import type { Scope } from "../scope.ts";
import type { EvalDocument } from "./dataset.ts";

/** What indexing needs of the object that users hold. */
export interface Indexing {
  readonly store: Store;
  ingest(
    scope: Scope,
    sources: readonly IngestSource[],
    options: Omit<IngestOptions, "scope">,
  ): AsyncIterable<IngestEvent>;
}

export interface IndexDatasetOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: IngestEvent) => void;
}

/**
 * Makes the index of a tenant hold exactly these documents, each under its own id: what is there already costs
 * nothing, what is no longer wanted goes. When it resolves, a search sees them.
 */
export async function indexDataset(
  { store, ingest }: Indexing,
  scope: Scope,
  documents: readonly EvalDocument[],
  { signal, onEvent }: IndexDatasetOptions = {},
): Promise<void> {
  const sources = documents.map((document) => ({ ...document, source: document.document_id }));
  for await (const event of ingest(scope, sources, { cwd: ".", signal })) onEvent?.(event);
  signal?.throwIfAborted();
  await removeOthers(store, scope, new Set(documents.map(({ document_id }) => document_id)));
  await store.settle({ signal });
}

async function removeOthers({ documents }: Store, scope: Scope, wanted: ReadonlySet<string>): Promise<void> {
  let cursor: string | null = null;
  do {
    const page = await documents.list(scope, { limit: 1000, cursor });
    for (const { document_id } of page.items) {
      if (!wanted.has(document_id)) await documents.delete(scope, document_id);
    }
    cursor = page.next;
  } while (cursor !== null);
}
