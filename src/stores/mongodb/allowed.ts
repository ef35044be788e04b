import type { Filter } from "../../filter/filter.ts";
import { matches } from "../../filter/matches.ts";
import type { Metadata } from "../../records.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { metadataOf, type ChunkRow } from "./chunk-rows.ts";
import type { Context } from "./context.ts";
import { coarseMatch, nativeFilter, type Clause } from "./native-filter.ts";
import { readersFor } from "./stored-metadata.ts";
import { readChunks, scopeMatch } from "./visible-rows.ts";

/** What may be searched, in the languages of both legs, with the number of chunks. */
export interface Allowed {
  readonly count: number;
  readonly vector: Clause;
  readonly search: readonly Clause[];
  /** Whether a row that came back may be shown: search may be older than the row. */
  readonly admits: (row: Pick<ChunkRow, "_id" | "document_id" | "metadata_json">) => boolean;
  /** The filter is not inside the search: too many chunks pass it to be listed. */
  readonly isOpen: boolean;
}

/** Ids that a search filter takes; beyond it the search runs wider and its hits are filtered. */
const maxIds = 20_000;

/** Tenant, access list and filter, applied before the search: natively where the indexes can say it, else as ids. */
export async function allowedChunks(
  context: Context,
  scope: Scope,
  filter: Filter | null,
  signal: AbortSignal | undefined,
): Promise<Allowed> {
  const base = scopeClauses(scope);
  const admits = (row: Parameters<Allowed["admits"]>[0]): boolean => {
    if (filter === null && scope.principals === "all") return true;
    const metadata = metadataOf(row);
    return mayRead(scope, metadata) && (filter === null || matches(filter, { document_id: row.document_id, metadata }));
  };
  const corpus = await context.statistics.corpus(context, scope.tenant);
  const native = filter === null || corpus.isOdd ? null : nativeFilter(filter, context.profile.fields);
  if (filter === null || native !== null) {
    const match = { $and: [scopeMatch(scope), ...(native === null ? [] : [native.match])] };
    const isWhole = filter === null && scope.principals === "all";
    const count = isWhole ? corpus.chunks : await context.statistics.count(context, scope.tenant, match);
    return {
      count,
      vector: { $and: [...base.vector, ...(native === null ? [] : [native.vector])] },
      search: [...base.search, ...(native === null ? [] : [native.search])],
      admits,
      isOpen: false,
    };
  }
  const ids = await resolve(context, scope, filter, signal);
  const isOpen = ids.length > maxIds || ids.length === 0;
  return {
    count: ids.length,
    vector: { $and: [...base.vector, ...(isOpen ? [] : [{ _id: { $in: ids } }])] },
    search: [...base.search, ...(isOpen ? [] : [{ in: { path: "_id", value: ids } }])],
    admits,
    isOpen,
  };
}

function scopeClauses(scope: Scope): { readonly vector: readonly Clause[]; readonly search: readonly Clause[] } {
  const readers = readersFor(scope.principals);
  return {
    vector: [
      { "metadata.tenant_id": scope.tenant },
      { live: true },
      ...(readers === null ? [] : [{ readers: { $in: readers } }]),
    ],
    search: [
      { equals: { path: "metadata.tenant_id", value: scope.tenant } },
      { equals: { path: "live", value: true } },
      ...(readers === null ? [] : [{ in: { path: "readers", value: readers } }]),
    ],
  };
}

type Filterable = Pick<ChunkRow, "_id" | "document_id" | "batch" | "metadata_json">;

/** Ids of the chunks that pass; the reference itself decides. */
async function resolve(
  context: Context,
  scope: Scope,
  filter: Filter,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const projection = { document_id: 1, batch: 1, metadata_json: 1 } as const;
  const found = await readChunks<Filterable>(context, scope, coarseMatch(filter), projection, signal);
  const parsed = new Map<string, Metadata>();
  return found
    .filter((row) => {
      const metadata = parsed.get(row.metadata_json) ?? metadataOf(row);
      parsed.set(row.metadata_json, metadata);
      return matches(filter, { document_id: row.document_id, metadata });
    })
    .map((row) => row._id);
}
