/** Runs the built graph on ONNX Runtime's native binding. One thread: the workers are the parallelism. */
import { createRequire } from "node:module";
import { HybridRAGError } from "../../errors.ts";
import { buildBertGraph } from "./bert-graph.ts";
import type { Engine } from "./engine.ts";
import { forward } from "./forward.ts";
import { graphCache } from "./graph-cache.ts";
import { loadWeights } from "./load-weights.ts";
import type { ModelFiles } from "./model-files.ts";
import { createWasmMultiply } from "./multiply.ts";
import type { Bits } from "./quantize.ts";

/** The part of onnxruntime-node that is used; the package brings no types of its own. */
export interface Runtime {
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

/**
 * A graph that was just built must agree with the plain forward pass on this machine before it is kept: 8-bit weights
 * first, then 7-bit ones.
 * @throws HybridRAGError `provider_failed` when neither does.
 */
export async function openOnnxEngine(runtime: Runtime, model: ModelFiles, cacheDir: string | null): Promise<Engine> {
  const cache = graphCache(model, cacheDir);
  for (const bits of bitsTried) {
    const graph = await cache.read(bits);
    if (graph !== null) return openGraph(runtime, model, graph, bits, "cache");
  }
  const weights = await loadWeights(model);
  const expected = forward(weights, probe, model.pooling, createWasmMultiply());
  for (const bits of bitsTried) {
    const graph = buildBertGraph(weights, model.pooling, bits);
    const engine = await openGraph(runtime, model, graph, bits, "built");
    if (cosine(await engine.run(probe), expected) >= leastAgreement) {
      await cache.keep(bits, graph);
      return engine;
    }
    await engine.close();
  }
  const message = "ONNX Runtime computes this model wrongly on this machine. Use the portable engine.";
  throw new HybridRAGError("provider_failed", message, { retryable: false });
}

const bitsTried = [8, 7] as const;

/** Tokens from all over the vocabulary; any do. */
const probe = Int32Array.from({ length: 24 }, (_, index) => 101 + index * 997);

/** Usual: .99 and above. */
const leastAgreement = 0.97;

const cosine = (left: Float32Array, right: Float32Array): number =>
  left.reduce((sum, value, at) => sum + value * right[at]!, 0);

async function openGraph(
  runtime: Runtime,
  model: ModelFiles,
  graph: Uint8Array,
  bits: Bits,
  origin: Engine["origin"],
): Promise<Engine> {
  const session = await runtime.InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const positions = BigInt64Array.from({ length: model.shape.positions }, (_, index) => BigInt(index));
  return {
    name: "onnx",
    dtype: `int${bits}`,
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
