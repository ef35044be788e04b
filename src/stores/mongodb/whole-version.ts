import { HybridRAGError } from "../../errors.ts";
import type { StoredVersion } from "../../ports/store.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { chunkOf, metadataOf, vectorOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { documentOf, readable, type DocumentRow } from "./document-rows.ts";
import { collections } from "./names.ts";

/** How often a version is read again when its document changed in between. */
const attempts = 8;

/** What a search needs of a row and a version does not. */
const derived = { vocabulary: 0, terms: 0, entities: 0, titles: 0, subnames: 0, metadata: 0 } as const;

/** The version as `put` took it: its batch names its rows, so no other version is ever mixed in. */
export async function wholeVersion(
  context: Context,
  scope: Scope,
  documentId: string,
  signal: AbortSignal,
): Promise<StoredVersion | null> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const row = await readable(context, scope, documentId);
    if (row === null) return null;
    const text = await textOf(context, row);
    const found = await rows(context, collections.chunks)
      .find({ "metadata.tenant_id": scope.tenant, document_id: documentId, batch: row.batch }, { signal })
      .project<ChunkRow>(derived)
      .toArray();
    if (text !== null && found.length === row.chunks) return versionOf(context, scope, row, text, found);
  }
  throw new HybridRAGError("store_failed", "The document changes faster than it can be read; try again.");
}

function versionOf(
  { generation }: Context,
  scope: Scope,
  row: DocumentRow,
  text: string,
  found: readonly ChunkRow[],
): StoredVersion {
  const seen = found.filter((chunk) => mayRead(scope, metadataOf(chunk))).toSorted((a, b) => a.ordinal - b.ordinal);
  return {
    document: documentOf(row),
    text,
    chunks: seen.map((chunk) => ({
      ...chunkOf(chunk),
      vector: vectorOf(chunk, generation),
      // What was not embedded is not taken for what was.
      embedding_hash: chunk[generation.hash] ?? "",
    })),
    graph: {
      mentions: seen.flatMap((chunk) => chunk.mentions),
      links: seen.flatMap((chunk) => chunk.links),
      assertions: seen.flatMap((chunk) => chunk.assertions),
    },
  };
}

/** The stored text of this version; null when a newer one took its place meanwhile. */
export async function textOf(context: Context, row: DocumentRow): Promise<string | null> {
  const parts = await rows(context, collections.texts)
    .find({ tenant_id: row.tenant_id, document_id: row.document_id, batch: row.batch })
    .sort({ part: 1 })
    .toArray();
  return parts.length === row.text_parts ? parts.map((part) => String(part["text"])).join("") : null;
}
