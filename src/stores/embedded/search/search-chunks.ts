import { HybridRAGError, type SerializedError } from "../../../errors.ts";
import type { Candidate, ChunkSearch, ChunkSearchResult } from "../../../ports/chunk-store.ts";
import type { Scope } from "../../../scope.ts";
import { allowedRows } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { storeError } from "../sqlite/store-error.ts";
import { chunkColumns, chunkTables, toChunk, type ChunkRow } from "../tables/document-rows.ts";
import { readDimensions } from "../tables/identity.ts";
import { checkedLimit } from "../tables/paging.ts";
import { tenantOf } from "../tables/tenants.ts";
import { checkVector } from "../../../ports/check-vector.ts";
import type { ReadContext } from "../workers/context.ts";
import { allowedSlots, type AllowedSlots } from "./allowed-slots.ts";
import type { ChunkIds } from "./best-slots.ts";
import { packVectors, storedVectors, type SentVectors, type StoredVectors } from "./stored-vectors.ts";
import { noText, textLeg, type TextLeg } from "./text-leg.ts";
import { noVectors, vectorLeg, type VectorLeg } from "./vector-leg.ts";

/** As the port's result, with errors in the form that crosses a thread. */
export type SentSearchResult = Omit<ChunkSearchResult, "vector" | "text" | "candidates"> & {
  readonly candidates: readonly SentCandidate[];
  /** Null where they were not asked for. */
  readonly vectors: SentVectors | null;
  readonly vector: SentReport<ChunkSearchResult["vector"]>;
  readonly text: SentReport<ChunkSearchResult["text"]>;
};

type SentCandidate = Omit<Candidate, "vector">;

type SentReport<Report> = Report extends null
  ? null
  : Omit<Report, "error"> & { readonly error: SerializedError | null };

export interface Search {
  readonly db: Database;
  readonly index: TenantIndex;
  readonly request: ChunkSearch;
  readonly allowed: AllowedSlots;
  readonly chunkIds: ChunkIds;
  readonly vectors: StoredVectors;
}

/** Runs wholly within one read transaction: filter, both legs, exact scores, rows. */
export function searchChunks(context: ReadContext, scope: Scope, request: ChunkSearch): SentSearchResult {
  const { db } = context;
  checkedLimit(request.candidates);
  if (request.vector) checkVector(request.vector, readDimensions(db), "/vector");
  const tenant = tenantOf(db, scope) ?? 0;
  const index = context.indexes.of(db, tenant);
  const allowed = allowedSlots(index, allowedRows(db, tenant, scope, request.filter));
  const search: Search = {
    db,
    index,
    request,
    allowed,
    chunkIds: chunkIdsOf(db, index),
    vectors: storedVectors(db, index),
  };
  const vector = timed(request.vector !== null, noVectors, () => vectorLeg(search));
  const text = timed(request.text !== null, noText, () => textLeg(search, context.analyzer));
  failWhenAllFailed([vector, text]);
  return {
    ...candidatesOf(context, search, vector.leg, text.leg),
    vector: report(vector, (leg) => ({ moments: leg.moments })),
    text: report(text, (leg) => ({ moments: leg.moments, ...leg.report })),
    allowed: allowed.count,
  };
}

interface TimedLeg<Leg> {
  readonly leg: Leg;
  readonly isWanted: boolean;
  readonly milliseconds: number;
  readonly error: HybridRAGError | null;
}

/** A leg that fails leaves the other one standing. */
function timed<Leg>(isWanted: boolean, none: Leg, run: () => Leg): TimedLeg<Leg> {
  const start = performance.now();
  const end = (leg: Leg, error: HybridRAGError | null): TimedLeg<Leg> => ({
    leg,
    isWanted,
    milliseconds: performance.now() - start,
    error,
  });
  try {
    return end(isWanted ? run() : none, null);
  } catch (error) {
    return end(none, storeError(error));
  }
}

function failWhenAllFailed(legs: readonly TimedLeg<unknown>[]): void {
  const wanted = legs.filter((leg) => leg.isWanted);
  const failed = wanted.find((leg) => leg.error !== null);
  if (failed?.error && wanted.every((leg) => leg.error !== null)) throw failed.error;
}

function report<Leg, Rest>(
  { leg, isWanted, milliseconds, error }: TimedLeg<Leg>,
  rest: (leg: Leg) => Rest,
): (Rest & { readonly milliseconds: number; readonly error: SerializedError | null }) | null {
  return isWanted ? { ...rest(leg), milliseconds, error: error?.toJSON() ?? null } : null;
}

const chunkIdsOf =
  (db: Database, index: TenantIndex): ChunkIds =>
  (slots) => {
    const keys = slots.map((slot) => index.slots.chunkKeys[slot]!);
    const rows = db.all<{ chunk_key: number; chunk_id: string }>(
      "SELECT chunk_key, chunk_id FROM chunks WHERE chunk_key IN (SELECT value FROM json_each(?))",
      JSON.stringify(keys),
    );
    return new Map(rows.map((row) => [index.slotOf(row.chunk_key), row.chunk_id]));
  };

function candidatesOf(
  { transfer }: ReadContext,
  { db, index, request, vectors }: Search,
  vector: VectorLeg,
  text: TextLeg,
): Pick<SentSearchResult, "candidates" | "vectors"> {
  const slots = [...new Set([...vector.ranks.keys(), ...text.ranks.keys()])];
  const cosines = vector.cosines(slots);
  const rows = db.all<ChunkRow>(
    `SELECT ${chunkColumns} FROM ${chunkTables} WHERE c.chunk_key IN (SELECT value FROM json_each(?))`,
    JSON.stringify(slots.map((slot) => index.slots.chunkKeys[slot]!)),
  );
  const found = rows.map((row) => ({ row, slot: index.slotOf(row.chunk_key) }));
  const candidates = found.map(({ row, slot }): SentCandidate => ({
    chunk: toChunk(row),
    cosine: cosines.get(slot) ?? null,
    bm25: text.score(slot),
    vectorRank: vector.ranks.get(slot) ?? null,
    textRank: text.ranks.get(slot) ?? null,
  }));
  if (!request.withVectors) return { candidates, vectors: null };
  const stored = vectors(slots);
  const packed = packVectors(
    index.dimensions,
    found.map(({ slot }) => stored.get(slot)),
  );
  transfer.push(packed.values.buffer as ArrayBuffer);
  return { candidates, vectors: packed };
}
