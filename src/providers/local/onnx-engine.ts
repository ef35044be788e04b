/** Runs the built graph on ONNX Runtime's native binding. One thread: the workers are the parallelism. */
import { createRequire } from "node:module";
import { HybridRAGError } from "../../errors.ts";
import type { Engine } from "./engine.ts";
import { cachedGraph } from "./graph-cache.ts";
import type { ModelFiles } from "./model-files.ts";

/** The part of onnxruntime-node that is used; the package brings no types of its own. */
interface Runtime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, string | number | boolean>>): Promise<Session>;
  };
  readonly Tensor: new (type: "int64", data: BigInt64Array, shape: readonly number[]) => unknown;
}

interface Session {
  run(inputs: Readonly<Record<string, unknown>>): Promise<{ readonly vector: { readonly data: Float32Array } }>;
  release?(): Promise<void>;
}

/** @throws HybridRAGError `provider_failed` when the native binding does not load on this machine. */
export function loadRuntime(): Runtime {
  try {
    return createRequire(import.meta.url)("onnxruntime-node") as Runtime;
  } catch (cause) {
    const message =
      "ONNX Runtime does not load on this machine. Reinstall onnxruntime-node, or use the portable engine.";
    throw new HybridRAGError("provider_failed", message, { cause, retryable: false });
  }
}

export async function openOnnxEngine(runtime: Runtime, model: ModelFiles, cacheDir: string | null): Promise<Engine> {
  const { graph, origin } = await cachedGraph(model, cacheDir);
  const session = await runtime.InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const positions = BigInt64Array.from({ length: model.shape.positions }, (_, index) => BigInt(index));
  return {
    name: "onnx",
    dtype: "int8",
    origin,
    async run(tokens) {
      const shape = [1, tokens.length];
      const output = await session.run({
        tokens: new runtime.Tensor("int64", BigInt64Array.from(tokens, BigInt), shape),
        positions: new runtime.Tensor("int64", positions.slice(0, tokens.length), shape),
      });
      return Float32Array.from(output.vector.data);
    },
    async close() {
      await session.release?.();
    },
  };
}
