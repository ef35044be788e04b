import { HybridRAGError } from "../../errors.ts";
import { compareText } from "../../filter/matches.ts";
import type { ChunkStore } from "../../ports/chunk-store.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { chunkOf, metadataOf, vectorOf, textOnly, type ChunkRow } from "./chunk-rows.ts";
import { call, rows, type Context } from "./context.ts";
import { readable } from "./document-rows.ts";
import { collections } from "./names.ts";
import { searchChunks } from "./search-chunks.ts";
import { readChunks } from "./visible-rows.ts";

export function mongoChunks(context: Context): ChunkStore {
  return {
    get: (scope, chunkIds, options) =>
      call(context, options, async (signal) => {
        const found = await readChunks(context, scope, { chunk_id: { $in: chunkIds } }, textOnly, signal);
        const byId = new Map(found.map((row) => [row.chunk_id, row]));
        return chunkIds.flatMap((id) => {
          const row = byId.get(id);
          return row ? [chunkOf(row)] : [];
        });
      }),
    ofDocument: (scope, documentId, options) =>
      call(context, options, async (signal) => {
        const found = await ofVersion(context, scope, documentId, textOnly, signal);
        return found.toSorted((a, b) => a.ordinal - b.ordinal).map(chunkOf);
      }),
    openings: (scope, documentIds, count, options) =>
      call(context, options, async (signal) => {
        if (documentIds.length === 0) return [];
        const first = { document_id: { $in: documentIds }, ordinal: { $lt: count } };
        const found = await readChunks(context, scope, first, textOnly, signal);
        return found
          .toSorted((a, b) => compareText(a.document_id, b.document_id) || a.ordinal - b.ordinal)
          .map(chunkOf);
      }),
    vectors: (scope, documentId, options) =>
      call(context, options, async (signal) => {
        const { generation } = context;
        const projection = {
          document_id: 1,
          batch: 1,
          metadata_json: 1,
          [generation.hash]: 1,
          [generation.vector]: 1,
        } as const;
        const found = await ofVersion(context, scope, documentId, projection, signal);
        return new Map(
          found.flatMap((row) => {
            const vector = vectorOf(row, generation);
            return vector ? [[row[generation.hash]!, Float32Array.from(vector)] as const] : [];
          }),
        );
      }),
    search: (scope, request, options) =>
      call(context, options, (signal) => searchChunks(context, scope, request, signal)),
  };
}

/** How often a version is read again when its document changed in between. */
const attempts = 12;

/** All chunks of the current version: as many as the document says it has. */
async function ofVersion(
  context: Context,
  scope: Scope,
  documentId: string,
  projection: Readonly<Record<string, 0 | 1>>,
  signal: AbortSignal | undefined,
): Promise<readonly ChunkRow[]> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const document = await readable(context, scope, documentId);
    if (document === null) return [];
    const found = await rows(context, collections.chunks)
      .find({ "metadata.tenant_id": scope.tenant, document_id: documentId, batch: document.batch }, { signal })
      .project<ChunkRow>(projection)
      .toArray();
    if (found.length === document.chunks) return found.filter((row) => mayRead(scope, metadataOf(row)));
  }
  throw new HybridRAGError("store_failed", "The document changes faster than it can be read; try again.");
}
