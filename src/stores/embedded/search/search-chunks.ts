import { HybridRAGError, type SerializedError } from "../../../errors.ts";
import type { ChunkName, ChunkSearch, ChunkSearchResult } from "../../../ports/chunk-store.ts";
import type { Chunk } from "../../../records.ts";
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
import { packVectors, type SentCandidates } from "./sent-candidates.ts";
import { storedPassages, type StoredPassages } from "./stored-passages.ts";
import { noText, textLeg, type TextLeg } from "./text-leg.ts";
import { noVectors, vectorLeg, type VectorLeg } from "./vector-leg.ts";

/** As the port's result, in the form that crosses a thread. */
export type SentSearchResult<Known extends ChunkName> = Omit<ChunkSearchResult, "vector" | "text" | "candidates"> & {
  readonly candidates: SentCandidates<Known>;
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
  readonly stored: StoredPassages;
}

export const searchChunks = (context: ReadContext, scope: Scope, request: ChunkSearch): SentSearchResult<Chunk> =>
  search(context, scope, request, readChunks);

/** The same, but of each candidate its ids alone. */
export const findChunks = (context: ReadContext, scope: Scope, request: ChunkSearch): SentSearchResult<ChunkName> =>
  search(context, scope, request, ({ stored }, slots) => [...stored.names(slots).values()]);

/** What is sent of the chunks of slots, in their order. */
type ReadSlots<Known> = (search: Search, slots: readonly number[]) => readonly Known[];

/** Runs wholly within one read transaction: filter, both legs, exact scores, rows. */
function search<Known extends ChunkName>(
  context: ReadContext,
  scope: Scope,
  request: ChunkSearch,
  readSlots: ReadSlots<Known>,
): SentSearchResult<Known> {
  const { db } = context;
  checkedLimit(request.candidates);
  if (request.vector) checkVector(request.vector, readDimensions(db), "/vector");
  const tenant = tenantOf(db, scope) ?? 0;
  const index = context.indexes.of(db, tenant);
  const allowed = allowedSlots(db, index, allowedRows(db, tenant, scope, request.filter));
  const stored = storedPassages(db, index, context.files);
  const search: Search = { db, index, request, allowed, stored, chunkIds: (slots) => idsOf(stored.names(slots)) };
  const vector = timed(request.vector !== null, noVectors, () => vectorLeg(search));
  const text = timed(request.text !== null, noText, () => textLeg(search, context.analyzer));
  failWhenAllFailed([vector, text]);
  return {
    candidates: candidatesOf(context, search, { vector: vector.leg, text: text.leg }, readSlots),
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

const idsOf = (names: ReturnType<StoredPassages["names"]>): ReadonlyMap<number, string> =>
  new Map([...names].map(([slot, { chunk_id }]) => [slot, chunk_id]));

function candidatesOf<Known extends ChunkName>(
  { transfer }: ReadContext,
  search: Search,
  { vector, text }: { readonly vector: VectorLeg; readonly text: TextLeg },
  readSlots: ReadSlots<Known>,
): SentCandidates<Known> {
  const { index, request, stored } = search;
  const slots = [...new Set([...vector.ranks.keys(), ...text.ranks.keys()])];
  const cosines = vector.cosines(slots);
  const vectors = request.withVectors ? stored.vectors(slots) : null;
  const packed =
    vectors &&
    packVectors(
      index.dimensions,
      slots.map((slot) => vectors.get(slot)),
    );
  if (packed) transfer.push(packed.values.buffer as ArrayBuffer);
  return {
    chunks: readSlots(search, slots),
    cosines: Float64Array.from(slots, (slot) => cosines.get(slot) ?? Number.NaN),
    bm25s: Float64Array.from(slots, (slot) => text.score(slot) ?? Number.NaN),
    vectorRanks: Uint32Array.from(slots, (slot) => vector.ranks.get(slot) ?? 0),
    textRanks: Uint32Array.from(slots, (slot) => text.ranks.get(slot) ?? 0),
    vectors: packed,
  };
}

const readChunks: ReadSlots<Chunk> = ({ db, index }, slots) => {
  const rows = db.all<ChunkRow>(
    `SELECT ${chunkColumns} FROM ${chunkTables} WHERE c.chunk_key IN (SELECT value FROM json_each(?))`,
    JSON.stringify(slots.map((slot) => index.slots.chunkKeys[slot]!)),
  );
  const chunks = new Map(rows.map((row) => [index.slotOf(row.chunk_key), toChunk(row)]));
  return slots.map((slot) => chunks.get(slot)!);
};
