import { Worker } from "node:worker_threads";
import { HybridRAGError } from "../../errors.ts";
import type { ExtractPassage, Extractor } from "../../ports/extractor.ts";
import type { ExtractReply, ExtractRequest } from "./extract-worker.ts";

/** Raise it whenever the rules find something else: documents are then read again. */
const rulesVersion = 8;

/** Few enough that a thread answers a cancelled call soon, and that no message blocks the caller for long. */
const sliceLength = 16;

/** The tagger makes much that lives for one passage: a small nursery keeps the thread at half the memory, as fast. */
const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 256 };

interface Waiting {
  readonly resolve: (reply: ExtractReply) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Names, references and statements by rules over a part-of-speech tagger for English, in a worker thread that starts
 * with the first call: no model, no key, about a thousand passages a second. A passage is read by itself. What needs the
 * collection is the store's to derive: titles of other passages inside a text, parts of names that are names, one-word
 * names that are written small elsewhere, weights of names that stand together.
 */
export function localExtractor(): Promise<Extractor> {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let nextId = 1;
  let closed = false;

  const start = (): Worker => {
    const started = new Worker(new URL("./extract-worker.js", import.meta.url), { resourceLimits });
    started.on("message", (reply: ExtractReply) => {
      waiting.get(reply.id)?.resolve(reply);
      waiting.delete(reply.id);
      if (waiting.size === 0) started.unref();
    });
    started.on("error", (cause) => refuseAll("The extractor's thread failed. Try again.", cause));
    started.once("exit", () => {
      worker = null;
      refuseAll("The extractor's thread ended. Try again.");
    });
    return started;
  };
  const refuseAll = (message: string, cause?: unknown): void => {
    const error = new HybridRAGError("provider_failed", message, { cause });
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const read = (passages: readonly ExtractPassage[]): Promise<ExtractReply> =>
    new Promise((resolve, reject) => {
      if (closed) {
        reject(new HybridRAGError("conflict", "The extractor is closed. Open another one."));
        return;
      }
      worker ??= start();
      worker.ref();
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      const request: ExtractRequest = { id, passages };
      worker.postMessage(request, []);
    });

  return Promise.resolve({
    fingerprint: `local-rules:${rulesVersion}`,
    async extract(passages, { signal } = {}) {
      const replies: ExtractReply[] = [];
      for (let from = 0; from < passages.length; from += sliceLength) {
        signal?.throwIfAborted();
        replies.push(await read(passages.slice(from, from + sliceLength)));
      }
      signal?.throwIfAborted();
      return {
        passages: replies.flatMap((reply) => reply.graphs),
        failed: replies.reduce((sum, reply) => sum + reply.failed, 0),
      };
    },
    async close() {
      closed = true;
      await worker?.terminate();
    },
  });
}
