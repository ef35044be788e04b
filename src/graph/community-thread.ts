import { Worker } from "node:worker_threads";
import { HybridRAGError } from "../errors.ts";
import type { PassageNames } from "../ports/graph-store.ts";
import type { CollectionGroups } from "./collection-groups.ts";
import type { CommunityReply, CommunityRequest } from "./community-worker.ts";

/** Finds communities away from the main thread. */
export interface CommunityThread {
  /** The arrays move to the thread: they are empty afterwards. */
  find(names: PassageNames): Promise<CollectionGroups>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (groups: CollectionGroups) => void;
  readonly reject: (error: HybridRAGError) => void;
}

/** The entry lies beside this file, whether it was compiled or not. */
const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./community-worker.ts" : "./community-worker.js",
  import.meta.url,
);

/** The thread starts with the first call, and ends when nobody has asked for a while: few ask often. */
const idleMs = 30_000;

/** A hundred thousand passages take about 400 MB at most, all of it while they are looked at. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 };

export function communityThread(): CommunityThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 1;
  let closed = false;

  function start(): Worker {
    const started = new Worker(entry, { resourceLimits });
    const fail = (cause?: unknown): void => {
      if (worker === started) worker = null;
      const error = new HybridRAGError("store_failed", "The thread that finds communities ended. Try again.", {
        cause,
      });
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    started.on("message", (reply: CommunityReply) => {
      const call = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("groups" in reply) call?.resolve(reply.groups);
      else call?.reject(new HybridRAGError("store_failed", `The communities could not be found: ${reply.error}`));
      if (waiting.size > 0) return;
      started.unref();
      idle = setTimeout(end, idleMs).unref();
    });
    started.on("error", fail);
    started.once("exit", () => fail());
    return started;
  }

  function end(): Promise<unknown> {
    clearTimeout(idle);
    const ending = worker;
    worker = null;
    ending?.removeAllListeners("exit");
    return ending?.terminate() ?? Promise.resolve();
  }

  return {
    find: (names) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new HybridRAGError("conflict", "It is closed. Open another one."));
          return;
        }
        clearTimeout(idle);
        worker ??= start();
        worker.ref();
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        const request: CommunityRequest = { id, names };
        worker.postMessage(request, buffersOf(names));
      }),
    close: async () => {
      closed = true;
      await end();
      for (const { reject } of waiting.values()) reject(new HybridRAGError("conflict", "It was closed meanwhile."));
      waiting.clear();
    },
  };
}

const buffersOf = ({ passages, documents, names, ends, mentioned }: PassageNames): readonly ArrayBuffer[] =>
  [passages.bytes, passages.ends, documents, names.bytes, names.ends, ends, mentioned].flatMap(({ buffer }) =>
    buffer instanceof ArrayBuffer ? buffer : [],
  );
