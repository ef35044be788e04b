import { createHash } from "node:crypto";
import type { Embedder } from "../../ports/embedder.ts";
import type { MessageVector } from "../../ports/session-store.ts";
import type { CallOptions } from "../../ports/store.ts";
import type { RunInSlices } from "../../pace/time-slices.ts";
import type { ConversationKind, Turn } from "./turn.ts";
import { blended, placeOf, textsOf, type TurnTexts } from "./turn-texts.ts";

/** Raise it whenever a turn would be embedded differently: every vector is then made again. */
const recipe = "turn-1";

/** Turns that are embedded and kept together: what was done stays done when the rest is cancelled. */
const turnsAtOnce = 64;

export interface TurnsToEmbed {
  readonly turns: readonly Turn[];
  readonly kind: ConversationKind;
  /** Index of the first turn that needs a vector. */
  readonly from: number;
  /** Vectors that were kept, by sequence. */
  readonly kept: ReadonlyMap<number, MessageVector>;
  readonly run: RunInSlices;
}

/**
 * Vectors of the turns from `from` on, in batches: kept ones where nothing changed about what they are made of, the
 * rest made anew. A blank turn has none.
 *
 * @returns for each batch the vectors by index, and those that are to be kept.
 */
export async function* embedTurns(
  embedder: Embedder,
  toEmbed: TurnsToEmbed,
  options?: CallOptions,
): AsyncGenerator<{
  readonly vectors: ReadonlyMap<number, Float32Array>;
  readonly made: readonly MessageVector[];
  /** So many turns, from the first on, are done. */
  readonly done: number;
}> {
  const { turns, from, run } = toEmbed;
  for (let start = from; start < turns.length; start += turnsAtOnce) {
    const end = Math.min(start + turnsAtOnce, turns.length);
    const { vectors, missing } = await run(lookedUp(embedder, toEmbed, start, end), options?.signal);
    const fresh = await embedMissing(embedder, missing, options);
    missing.forEach(({ at }, index) => vectors.set(at, fresh[index]!));
    const made = missing.map(({ at, embedding_hash }, index) => {
      return { sequence: turns[at]!.sequence, vector: fresh[index]!, embedding_hash };
    });
    yield { vectors, made, done: end };
  }
}

/** Vectors of some turns that were kept, by index, and the turns that have none. A step for each turn. */
function* lookedUp(
  embedder: Embedder,
  { turns, kind, kept }: TurnsToEmbed,
  start: number,
  end: number,
): Generator<void, { readonly vectors: Map<number, Float32Array>; readonly missing: readonly Missing[] }> {
  const vectors = new Map<number, Float32Array>();
  const missing: Missing[] = [];
  for (let at = start; at < end; at += 1) {
    const texts = textsOf(placeOf(turns, at), kind);
    if (texts.own.trim() === "") continue;
    const embedding_hash = hashOf(embedder, texts);
    const known = kept.get(turns[at]!.sequence);
    if (known?.embedding_hash === embedding_hash) vectors.set(at, known.vector);
    else missing.push({ at, texts, embedding_hash });
    yield;
  }
  return { vectors, missing };
}

interface Missing {
  readonly at: number;
  readonly texts: TurnTexts;
  readonly embedding_hash: string;
}

const hashOf = ({ fingerprint }: Embedder, { own, window }: TurnTexts): string =>
  createHash("sha256")
    .update(JSON.stringify([recipe, fingerprint, own, window]))
    .digest("hex");

async function embedMissing(
  embedder: Embedder,
  missing: readonly Missing[],
  options?: CallOptions,
): Promise<readonly Float32Array[]> {
  if (missing.length === 0) return [];
  const windows = missing.flatMap(({ texts }) => texts.window ?? []);
  const all = [...missing.map(({ texts }) => texts.own), ...windows];
  const { vectors } = await embedder.embed(all, { kind: "document", ...options });
  let next = missing.length;
  return missing.map(({ texts }, index) => blended(vectors[index]!, texts.window === null ? null : vectors[next++]!));
}
