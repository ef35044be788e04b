import { HybridRAGError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { MadeChunk, MadeMemory, PendingChunk, PendingMemory, RowKey, ShadowIndex } from "../ports/shadow-index.ts";
import type { IndexIdentity } from "../ports/store.ts";
import { restoredText } from "./chunk/restored-text.ts";

export interface ReembedProgress {
  /** Vectors made so far, by this run and by those before that were stopped. */
  readonly done: number;
  readonly total: number;
  /** Of this run, per second. */
  readonly rate: number;
  readonly secondsLeft: number;
}

export interface ReembedSummary {
  readonly chunks: number;
  readonly memories: number;
  /** Vectors that this run made; the others were made by runs that were stopped. */
  readonly embedded: number;
  /** Chunks that the embedder does not read to their end. */
  readonly longer_than_limit: number;
  readonly seconds: number;
}

export interface ReembedOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReembedProgress) => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Something to embed, and what is kept of it. */
interface Task {
  readonly text: string;
  readonly tokens: number;
  readonly made: (vector: Float32Array) => { readonly chunk: MadeChunk } | { readonly memory: MadeMemory };
}

/**
 * Makes the vectors of all chunks and memories anew and puts the index in use that holds them. Chunks keep their ids,
 * offsets and texts. Every answered call is kept before the next is made in its place, so a run that was stopped goes
 * on where it was. Without an embedder the index has no vectors.
 */
export async function reembed(
  shadow: ShadowIndex,
  embedder: Embedder | null,
  identity: IndexIdentity,
  options: ReembedOptions,
): Promise<ReembedSummary> {
  const startedAt = options.now();
  const { chunks, memories, pending } = await shadow.counts();
  const total = chunks + memories;
  let embedded = 0;
  const onKept = (texts: number): void => {
    embedded += texts;
    const rate = embedded / Math.max(0.001, (options.now() - startedAt) / 1000);
    const left = Math.max(0, pending - embedded);
    options.onProgress?.({ done: total - left, total, rate, secondsLeft: left / rate });
  };
  if (embedder !== null) {
    // What others write meanwhile is pending afterwards: each round is shorter than the one before.
    for (let before = -1; before < embedded;) {
      before = embedded;
      for await (const tasks of portions(shadow, embedder))
        await embedAll(tasks, embedder, shadow, onKept, options.signal);
    }
  }
  options.signal?.throwIfAborted();
  const made = await shadow.counts();
  await shadow.activate(identity);
  const seconds = (options.now() - startedAt) / 1000;
  const longer_than_limit = embedder === null ? 0 : made.cut;
  return { chunks: made.chunks, memories: made.memories, embedded, longer_than_limit, seconds };
}

/** What is pending, as much at once as keeps every call full. */
async function* portions(shadow: ShadowIndex, embedder: Embedder): AsyncIterable<readonly Task[]> {
  const size = Math.min(512, embedder.limits.items * Math.max(1, embedder.limits.parallel));
  for (let after: RowKey | null = null; ;) {
    const rows: readonly PendingChunk[] = await shadow.chunks(after, size);
    if (rows.length === 0) break;
    after = rows.at(-1)!.chunk_key;
    yield rows.map((row): Task => {
      const { text, tokens, embedding_hash } = restoredText(row, embedder);
      const kept = { chunk_key: row.chunk_key, embedding_hash, isCut: tokens > embedder.maxTokens };
      return { text, tokens, made: (vector) => ({ chunk: { ...kept, vector } }) };
    });
  }
  for (let after: PendingMemory | null = null; ;) {
    const rows: readonly PendingMemory[] = await shadow.memories(after, size);
    if (rows.length === 0) return;
    after = rows.at(-1)!;
    yield rows.map((memory): Task => {
      const tokens = embedder.countTokens(memory.content);
      return { text: memory.content, tokens, made: (vector) => ({ memory: { memory, vector } }) };
    });
  }
}

async function embedAll(
  tasks: readonly Task[],
  embedder: Embedder,
  shadow: ShadowIndex,
  onKept: (texts: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const calls = batches(tasks, embedder);
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const slot = async (): Promise<void> => {
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
      either.throwIfAborted();
      const texts = call.map(({ text }) => text);
      const { vectors } = await embedder.embed(texts, { kind: "document", signal: either });
      if (vectors.length !== call.length) throw missingVectors(embedder);
      const made = call.map((task, index) => task.made(vectors[index]!));
      await shadow.keep({
        chunks: made.flatMap((one) => ("chunk" in one ? [one.chunk] : [])),
        memories: made.flatMap((one) => ("memory" in one ? [one.memory] : [])),
      });
      onKept(call.length);
    }
  };
  const slots = Array.from({ length: Math.max(1, embedder.limits.parallel) }, slot);
  try {
    await Promise.all(slots);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(slots);
    throw error;
  }
}

/** Texts of like length together, since a call costs what its longest text costs; each call within the limits. */
function batches(tasks: readonly Task[], { limits, maxTokens }: Embedder): (readonly Task[])[] {
  const result: Task[][] = [];
  let tokens = Infinity;
  for (const task of tasks.toSorted((a, b) => a.tokens - b.tokens)) {
    const read = Math.min(task.tokens, maxTokens);
    const last = result.at(-1);
    tokens += read;
    if (last !== undefined && tokens <= limits.tokens && last.length < limits.items) {
      last.push(task);
    } else {
      result.push([task]);
      tokens = read;
    }
  }
  return result;
}

const missingVectors = (embedder: Embedder): HybridRAGError =>
  new HybridRAGError("provider_failed", `${embedder.model} answered with fewer vectors than texts; try again.`);
