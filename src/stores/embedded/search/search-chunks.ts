import { HybridRAGError, type SerializedError } from "../../../errors.ts";
import type { Candidate, ChunkSearch, ChunkSearchResult } from "../../../ports/chunk-store.ts";
import type { Scope } from "../../../scope.ts";
import { allowedRows } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Database } from "../sqlite/database.ts";
import { storeError } from "../sqlite/store-error.ts";
import { chunkColumns, chunkTables, storedVector, toChunk, type ChunkRow } from "../tables/document-rows.ts";
import { readDimensions } from "../tables/identity.ts";
import { checkedLimit } from "../tables/paging.ts";
import { tenantOf } from "../tables/tenants.ts";
import { checkVector } from "../vector/check-vector.ts";
import type { ReadContext } from "../workers/context.ts";
import { allowedSlots, type AllowedSlots } from "./allowed-slots.ts";
import type { ChunkIds } from "./best-slots.ts";
import { noText, textLeg, type TextLeg } from "./text-leg.ts";
import { noVectors, vectorLeg, type VectorLeg } from "./vector-leg.ts";

/** As the port's result, with errors in the form that crosses a thread. */
export type SentSearchResult = Omit<ChunkSearchResult, "vector" | "text"> & {
  readonly vector: SentReport<ChunkSearchResult["vector"]>;
  readonly text: SentReport<ChunkSearchResult["text"]>;
};

type SentReport<Report> = Report extends null
  ? null
  : Omit<Report, "error"> & { readonly error: SerializedError | null };

export interface Search {
  readonly db: Database;
  readonly index: TenantIndex;
  readonly request: ChunkSearch;
  readonly allowed: AllowedSlots;
  readonly chunkIds: ChunkIds;
}

/** Runs wholly within one read transaction: filter, both legs, exact scores, rows. */
export function searchChunks(context: ReadContext, scope: Scope, request: ChunkSearch): SentSearchResult {
  const { db } = context;
  checkedLimit(request.candidates);
  if (request.vector) checkVector(request.vector, readDimensions(db), "/vector");
  const tenant = tenantOf(db, scope) ?? 0;
  const index = context.indexes.of(db, tenant);
  const allowed = allowedSlots(index, allowedRows(db, tenant, scope, request.filter));
  const search: Search = { db, index, request, allowed, chunkIds: chunkIdsOf(db, index) };
  const vector = timed(request.vector !== null, noVectors, () => vectorLeg(search));
  const text = timed(request.text !== null, noText, () => textLeg(search, context.analyzer));
  failWhenAllFailed([vector, text]);
  return {
    candidates: candidatesOf(context, search, vector.leg, text.leg),
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

function candidatesOf(context: ReadContext, search: Search, vector: VectorLeg, text: TextLeg): readonly Candidate[] {
  const { db, index, request } = search;
  const slots = [...new Set([...vector.ranks.keys(), ...text.ranks.keys()])];
  const cosines = vector.cosines(slots);
  const rows = db.all<ChunkRow & { vector: Uint8Array | null }>(
    `SELECT ${chunkColumns}${request.withVectors ? ", c.vector" : ""} FROM ${chunkTables}
     WHERE c.chunk_key IN (SELECT value FROM json_each(?))`,
    JSON.stringify(slots.map((slot) => index.slots.chunkKeys[slot]!)),
  );
  return rows.map((row): Candidate => {
    const slot = index.slotOf(row.chunk_key);
    const stored = row.vector ? storedVector(row.vector) : null;
    if (stored) context.transfer.push(stored.buffer as ArrayBuffer);
    return {
      chunk: toChunk(row),
      cosine: cosines.get(slot) ?? null,
      bm25: text.score(slot),
      vectorRank: vector.ranks.get(slot) ?? null,
      textRank: text.ranks.get(slot) ?? null,
      ...(stored ? { vector: stored } : {}),
    };
  });
}
