import assert from "node:assert/strict";
import type { Candidate, ChunkSearchResult } from "../../ports/chunk-store.ts";
import { isHybridRAGError, type ErrorCode } from "../../errors.ts";

export const rejectsWith = (promise: Promise<unknown>, code: ErrorCode): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(isHybridRAGError(error), `a typed error is expected, not ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });

/** Deep equality with room for rounding in numbers. */
export function assertClose(actual: unknown, expected: unknown, tolerance: number, path = "$"): void {
  if (typeof actual === "number" && typeof expected === "number") {
    const room = tolerance * Math.max(1, Math.abs(expected));
    assert.ok(Math.abs(actual - expected) <= room, `${path}: ${actual} is not ${expected}`);
  } else if (isRecord(actual) && isRecord(expected)) {
    assert.deepEqual(Object.keys(actual).toSorted(), Object.keys(expected).toSorted(), path);
    for (const key of Object.keys(expected)) assertClose(actual[key], expected[key], tolerance, `${path}.${key}`);
  } else {
    assert.deepEqual(actual, expected, path);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

export const sortedIds = (result: Pick<ChunkSearchResult, "candidates">): readonly string[] =>
  result.candidates.map(({ chunk }) => chunk.chunk_id).toSorted();

/** Ids of one leg in the order of its ranks, which must count 1, 2, 3 … */
export function ranked(result: ChunkSearchResult, leg: "vector" | "text"): readonly string[] {
  const rankOf = (candidate: Candidate) => (leg === "vector" ? candidate.vectorRank : candidate.textRank);
  const found = result.candidates
    .filter((candidate) => rankOf(candidate) !== null)
    .toSorted((a, b) => rankOf(a)! - rankOf(b)!);
  assert.deepEqual(
    found.map(rankOf),
    found.map((_, index) => index + 1),
  );
  return found.map(({ chunk }) => chunk.chunk_id);
}

export function candidateOf(result: ChunkSearchResult, chunkId: string): Candidate {
  const found = result.candidates.filter(({ chunk }) => chunk.chunk_id === chunkId);
  assert.equal(found.length, 1, `${chunkId} is among the candidates once`);
  return found[0]!;
}
