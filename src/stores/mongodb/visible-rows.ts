import type { Scope } from "../../scope.ts";
import { mayRead } from "../../scope.ts";
import { metadataOf, type ChunkRow } from "./chunk-rows.ts";
import { rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { readersFor } from "./stored-metadata.ts";
import type { Clause } from "./native-filter.ts";

type Identified = Pick<ChunkRow, "document_id" | "batch" | "metadata_json">;

/** What every read of chunks is narrowed by. */
export function scopeMatch(scope: Scope): Clause {
  const readers = readersFor(scope.principals);
  return { "metadata.tenant_id": scope.tenant, live: true, ...(readers === null ? {} : { readers: { $in: readers } }) };
}

/** How often a read that met a change of version is repeated. */
const attempts = 12;

/**
 * Rows of one moment: reads rows, then asks which version each document has now, and reads again when one changed in
 * between. What remains of an older version in the end is left out, so versions are never mixed.
 */
async function visibleRows<R extends Identified>(
  context: Context,
  scope: Scope,
  read: () => Promise<readonly R[]>,
  signal?: AbortSignal,
): Promise<readonly R[]> {
  for (let attempt = 1; ; attempt++) {
    const found = await read();
    const batches = await currentBatches(context, scope, found, signal);
    const current = found.filter((row) => batches.get(row.document_id) === row.batch);
    if (current.length === found.length || attempt === attempts) return current.filter((row) => isReadable(scope, row));
  }
}

/** The version that each of these rows' documents has now. */
export async function currentBatches(
  context: Context,
  scope: Scope,
  found: readonly Pick<Identified, "document_id">[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(found.map((row) => row.document_id))];
  if (ids.length === 0) return new Map();
  const current = await rows(context, collections.documents)
    .find({ tenant_id: scope.tenant, document_id: { $in: ids } }, { signal })
    .project<{ document_id: string; batch: string }>({ _id: 0, document_id: 1, batch: 1 })
    .toArray();
  return new Map(current.map((row) => [row.document_id, row.batch]));
}

/** So many rows, those that come first. */
export interface FirstRows {
  readonly by: "_id" | "chunk_id";
  readonly limit: number;
}

const pageOf = (first: FirstRows | undefined) =>
  first ? { sort: { [first.by]: 1 as const }, limit: first.limit } : {};

/**
 * Reads chunks by a condition inside the scope.
 * @param onRead told of all rows of a page, those that are not seen among them: where the next page begins.
 */
export function readChunks<R extends Identified = ChunkRow>(
  context: Context,
  scope: Scope,
  match: Clause,
  projection: Readonly<Record<string, 0 | 1>>,
  signal?: AbortSignal,
  first?: FirstRows,
  onRead?: (found: readonly R[]) => void,
): Promise<readonly R[]> {
  const read = async (): Promise<readonly R[]> => {
    const found = await findChunks<R>(context, scope, match, projection, signal, first);
    onRead?.(found);
    return found;
  };
  return visibleRows(context, scope, read, signal);
}

/** The same in one round trip, by a caller who asks `currentBatches` for what it read: rows may be of an older version. */
export const readUnchecked = async <R extends Identified = ChunkRow>(
  ...[context, scope, match, projection, signal, first]: Parameters<typeof readChunks<R>>
): Promise<readonly R[]> =>
  (await findChunks<R>(context, scope, match, projection, signal, first)).filter((row) => isReadable(scope, row));

/** An owner's rows need no metadata for it. */
const isReadable = (scope: Scope, row: Identified): boolean =>
  scope.principals === "all" || mayRead(scope, metadataOf(row));

const findChunks = <R extends Identified>(
  context: Context,
  scope: Scope,
  match: Clause,
  projection: Readonly<Record<string, 0 | 1>>,
  signal: AbortSignal | undefined,
  first: FirstRows | undefined,
): Promise<R[]> =>
  rows(context, collections.chunks)
    .find({ ...scopeMatch(scope), ...match }, { signal, batchSize: 1000, ...pageOf(first) })
    .project<R>(projection)
    .toArray();
