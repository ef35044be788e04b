/**
 * One worker process: opens an engine, then embeds one list of tokens after the other, until its parent lets go.
 *
 * A process and not a thread, because the native binding keeps per-process pointers to the thread that loaded it last:
 * a second thread after the first has ended fails to load it or corrupts memory. A process also keeps a crash in
 * native code away from the caller.
 */
import { HybridRAGError, isHybridRAGError, messageOf, type SerializedError } from "../../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import type { ModelFiles } from "./model-files.ts";
import { openEngine } from "./open-engine.ts";

/** The first message a worker gets. */
export interface EmbedWorkerStart {
  readonly model: ModelFiles;
  readonly engine: EngineName | "auto";
  readonly cacheDir: string | null;
}

export interface EngineReport {
  readonly engine: EngineName;
  readonly dtype: Engine["dtype"];
  readonly origin: Engine["origin"];
  /** Why the native runtime is not used; null when it is or was not wanted. */
  readonly reason: string | null;
}

/** Every later one. */
export interface EmbedWorkerRequest {
  readonly id: number;
  readonly tokens: Int32Array;
}

export type EmbedWorkerReply =
  | { readonly kind: "ready"; readonly report: EngineReport }
  | { readonly kind: "unusable"; readonly error: SerializedError }
  | { readonly kind: "vector"; readonly id: number; readonly vector: Float32Array }
  | { readonly kind: "failed"; readonly id: number; readonly error: SerializedError };

const send = process.send?.bind(process);
if (send !== undefined) {
  process.once("disconnect", () => process.exit());
  // Ctrl-C reaches the whole group; the parent decides what still has to be finished.
  process.on("SIGINT", () => undefined);
  process.once("message", (start: EmbedWorkerStart) => void serve(start, (reply) => void send(reply)));
}

async function serve(start: EmbedWorkerStart, reply: (message: EmbedWorkerReply) => void): Promise<void> {
  let engine: Engine;
  try {
    const opened = await openEngine(start.model, start.engine, start.cacheDir);
    engine = opened.engine;
    const { name, dtype, origin } = engine;
    process.on("message", (request: EmbedWorkerRequest) => void answer(engine, request, reply));
    reply({ kind: "ready", report: { engine: name, dtype, origin, reason: opened.reason } });
  } catch (error) {
    reply({ kind: "unusable", error: serialize(error) });
  }
}

async function answer(
  engine: Engine,
  { id, tokens }: EmbedWorkerRequest,
  reply: (message: EmbedWorkerReply) => void,
): Promise<void> {
  try {
    reply({ kind: "vector", id, vector: await engine.run(tokens) });
  } catch (error) {
    reply({ kind: "failed", id, error: serialize(error) });
  }
}

/** A runtime's message may quote its input, so only our own errors travel as they are. */
function serialize(error: unknown): SerializedError {
  if (isHybridRAGError(error)) return error.toJSON();
  return new HybridRAGError("provider_failed", `The local model failed: ${messageOf(error)}.`, {
    retryable: false,
  }).toJSON();
}
