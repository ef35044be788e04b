import type { Scope } from "../../scope.ts";
import type { ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";

/** What is asked of the rows that a search found. */
export interface Asking {
  /** Documents whose version is asked for. */
  readonly documents: ReadonlySet<string>;
  /** `_id`s of rows that are read as a whole, and of those that are read with their vector too. */
  readonly plain: readonly string[];
  readonly withVector: readonly string[];
}

export interface ChosenRows {
  /** The version that each document has now. */
  readonly batches: ReadonlyMap<string, string>;
  readonly bodies: ReadonlyMap<string, ChunkRow>;
}

const body = {
  _id: 1,
  chunk_id: 1,
  document_id: 1,
  ordinal: 1,
  title: 1,
  source: 1,
  content: 1,
  span: 1,
  heading_path: 1,
  token_count: 1,
  metadata_json: 1,
} as const;

/** Versions and bodies in one round trip. A row never changes its version, so it does not matter which is read first. */
export async function readChosen(
  context: Context,
  scope: Scope,
  { documents, plain, withVector }: Asking,
  signal: AbortSignal | undefined,
): Promise<ChosenRows> {
  const batches = new Map<string, string>();
  const bodies = new Map<string, ChunkRow>();
  if (documents.size === 0) return { batches, bodies };
  const chunks = (ids: readonly string[], projection: object) => {
    const match = { "metadata.tenant_id": scope.tenant, _id: { $in: ids } };
    const pipeline = [{ $match: match }, { $project: projection }];
    return ids.length === 0 ? [] : [{ $unionWith: { coll: collections.chunks, pipeline } }];
  };
  const found = await rows(context, collections.documents)
    .aggregate<Version | ChunkRow>(
      [
        { $match: { tenant_id: scope.tenant, document_id: { $in: [...documents] } } },
        { $project: { _id: 0, document_id: 1, batch: 1 } },
        ...chunks(plain, body),
        ...chunks(withVector, { ...body, [context.generation.vector]: 1 }),
      ],
      { signal, batchSize: 1000 },
    )
    .toArray();
  for (const row of found) {
    if ("chunk_id" in row) bodies.set(row._id, row);
    else batches.set(row.document_id, row.batch);
  }
  return { batches, bodies };
}

interface Version {
  readonly document_id: string;
  readonly batch: string;
}
