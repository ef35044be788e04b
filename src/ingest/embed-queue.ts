import { HybridRAGError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";

/**
 * Embeds texts of many documents in full batches, so that small documents do not make small batches. Where an embedder
 * prefers full calls, one that is not full leaves only when none is under way: it fills meanwhile (J. Nagle, RFC 896).
 */
export interface EmbedQueue {
  /** Vectors in the order of the texts. Rejects when a batch that holds one of them fails. */
  embed(texts: readonly MeasuredText[]): Promise<readonly Float32Array[]>;
  /** Whether a vector depends on the document: then one new passage makes all of its vectors anew. */
  readonly readsTogether: boolean;
  /** Vectors of all passages of one document, in a call of their own. */
  embedTogether(texts: readonly string[]): Promise<readonly Float32Array[]>;
  /** Texts that wait for a batch. */
  readonly waiting: number;
  /** Resolves when fewer than `texts` wait. */
  below(texts: number): Promise<void>;
}

export interface MeasuredText {
  readonly text: string;
  readonly tokens: number;
}

interface Item extends MeasuredText {
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** So many times the texts of a batch are looked at to fill it. */
const choicePerItem = 32;

export interface EmbedQueueOptions {
  readonly signal?: AbortSignal;
  /** Called after every batch with the number of its texts. */
  readonly onEmbedded?: (texts: number) => void;
}

export function embedQueue(embedder: Embedder, options: EmbedQueueOptions = {}): EmbedQueue {
  const { signal, onEmbedded = () => undefined } = options;
  let items: Item[] = [];
  const watchers: { readonly texts: number; readonly resolve: () => void }[] = [];
  let running = 0;
  let waitingTokens = 0;
  let scheduled = false;

  const notify = (): void => {
    for (let at = watchers.length - 1; at >= 0; at -= 1) {
      const watcher = watchers[at];
      if (watcher && items.length < watcher.texts) watchers.splice(at, 1)[0]?.resolve();
    }
  };

  /** The oldest text and those whose length is nearest: a batch costs what its longest text costs. */
  const takeBatch = (): readonly Item[] => {
    const [oldest] = items;
    if (!oldest) return [];
    // Of a book's hundred thousand texts a few hundred are choice enough; sorting all of them for each batch is not free.
    const choice = items.slice(0, choicePerItem * embedder.limits.items);
    const nearest = choice.sort((a, b) => distance(a, oldest) - distance(b, oldest));
    const batch: Item[] = [];
    let tokens = 0;
    for (const item of nearest) {
      tokens += item.tokens;
      if (batch.length >= embedder.limits.items || (batch.length > 0 && tokens > embedder.limits.tokens)) break;
      batch.push(item);
    }
    const taken = new Set(batch);
    items = items.filter((item) => !taken.has(item));
    for (const item of batch) waitingTokens -= item.tokens;
    return batch;
  };

  const runBatch = async (batch: readonly Item[]): Promise<void> => {
    running += 1;
    try {
      const { vectors } = await embedder.embed(
        batch.map((item) => item.text),
        { kind: "document", ...(signal ? { signal } : {}) },
      );
      for (const [index, item] of batch.entries()) {
        const vector = vectors[index];
        if (vector) item.resolve(vector);
        else item.reject(missingVector(embedder.model));
      }
      onEmbedded(batch.length);
    } catch (error) {
      for (const item of batch) item.reject(error);
    }
    running -= 1;
    pump();
  };

  const mayLeave = (): boolean => {
    const { items: most, tokens, parallel, prefersFull = false } = embedder.limits;
    if (items.length === 0 || running >= Math.max(1, parallel)) return false;
    return !prefersFull || running === 0 || items.length >= most || waitingTokens >= tokens;
  };

  const pump = (): void => {
    while (mayLeave()) void runBatch(takeBatch());
    notify();
  };
  /** Waits for the end of the turn, so that texts that arrive together are batched together. */
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  };

  return {
    embed: (texts) =>
      Promise.all(
        texts.map(
          ({ text, tokens }) =>
            new Promise<Float32Array>((resolve, reject) => {
              items.push({ text, tokens, resolve, reject });
              waitingTokens += tokens;
              schedule();
            }),
        ),
      ),
    readsTogether: embedder.readsTogether === true,
    async embedTogether(texts) {
      const { vectors } = await embedder.embed(texts, {
        kind: "document",
        together: true,
        ...(signal ? { signal } : {}),
      });
      if (vectors.length !== texts.length) throw missingVector(embedder.model);
      onEmbedded(texts.length);
      return vectors;
    },
    get waiting() {
      return items.length;
    },
    below: (texts) =>
      items.length < texts ? Promise.resolve() : new Promise((resolve) => watchers.push({ texts, resolve })),
  };
}

const distance = (a: Item, b: Item): number => Math.abs(a.tokens - b.tokens);

const missingVector = (model: string): HybridRAGError =>
  new HybridRAGError("provider_failed", `${model} answered with fewer vectors than texts; try again.`);
