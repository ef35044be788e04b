import { HybridRAGError } from "../../errors.ts";
import type { IndexIdentity } from "../../ports/store.ts";
import { rows, type Context } from "./context.ts";
import { collections, vectorIndexName } from "./names.ts";

/**
 * Where the vectors of one embedder lie. Generations use two fields by turns, so that the one before stays beside the one
 * in use; an index's name is never used twice, so that whoever still asks the one before finds it or is told.
 */
export interface Generation {
  readonly number: number;
  /** Of the vector search index. */
  readonly index: string;
  readonly vector: "vector" | "vector_2";
  /** What the embedded text is recognised by. */
  readonly hash: "embedding_hash" | "embedding_hash_2";
}

/** The first has the guide's names. */
export const generationOf = (number: number): Generation => ({
  number,
  index: number === 0 ? vectorIndexName : `${vectorIndexName}_${number}`,
  ...(number % 2 === 0
    ? ({ vector: "vector", hash: "embedding_hash" } as const)
    : ({ vector: "vector_2", hash: "embedding_hash_2" } as const)),
});

/** The first number that is higher than any before and whose fields are not those of the one in use. */
export const nextGeneration = (highest: number, inUse: number): number =>
  (highest + 1) % 2 === inUse % 2 ? highest + 2 : highest + 1;

export interface NumberedIdentity extends IndexIdentity {
  readonly generation: number;
}

/** The index in use, in one row: replacing it is the switch. */
export interface IndexState extends NumberedIdentity {
  /** What `rollback` goes back to. */
  readonly before: NumberedIdentity | null;
  /** What is being made. `isCleared`: its fields hold nothing of a generation that used them earlier. */
  readonly building: (NumberedIdentity & { readonly isCleared: boolean }) | null;
  /** The highest number ever given. */
  readonly highest: number;
}

const stateId = "identity";

export async function readIndexState(context: Context): Promise<IndexState | null> {
  const row = await rows(context, collections.state).findOne({ _id: stateId });
  if (!row) return null;
  // Rows of earlier versions know of no generations.
  const { _id, generation = 0, before = null, building = null, highest = generation, ...identity } = row;
  return { ...(identity as unknown as IndexIdentity), generation, before, building, highest };
}

/**
 * Replaces the state that was read by the next, at once.
 *
 * @throws HybridRAGError `conflict` when another process changed it in between.
 */
export async function writeIndexState(context: Context, read: IndexState, next: IndexState): Promise<void> {
  const { embedder, dimensions, generation } = read;
  const written = await rows(context, collections.state).replaceOne(
    { _id: stateId, embedder, dimensions, generation: generation === 0 ? { $in: [0, null] } : generation },
    next,
    { writeConcern: { w: "majority" } },
  );
  if (written.matchedCount === 1) return;
  throw new HybridRAGError("conflict", "Another process changed the index meanwhile; look at it and try again.");
}

/** An index that holds nothing takes another identity on. */
export async function writeIdentity(context: Context, identity: IndexIdentity): Promise<void> {
  const { embedder, dimensions, chunker } = identity;
  await rows(context, collections.state).updateOne(
    { _id: stateId },
    { $set: { embedder, dimensions, chunker } },
    { upsert: true },
  );
}

export const numbered = ({ embedder, dimensions, chunker, generation }: NumberedIdentity): NumberedIdentity => ({
  embedder,
  dimensions,
  chunker,
  generation,
});

/**
 * Whether this store may go on with the generation that it opened: it is in use, or the one before. Writes need it in
 * use: what they store would have no vector in the other.
 *
 * @throws HybridRAGError `index_mismatch`.
 */
export async function requireGeneration(context: Context, use: "read" | "write"): Promise<void> {
  const state = await readIndexState(context);
  const { number } = context.generation;
  if ((state?.generation ?? 0) === number) return;
  if (use === "read" && state?.before?.generation === number) return;
  throw new HybridRAGError(
    "index_mismatch",
    `The index was made anew with ${state?.embedder}; set that embedder and start again, or go back by ` +
      "`hybridrag indexes rollback`.",
    { details: { stored: state?.embedder ?? null, given: context.identity?.embedder ?? null } },
  );
}
