/** Runs the model without native code, in 32-bit floats: about a tenth of the native speed. */
import type { Engine } from "./engine.ts";
import { forward } from "./forward.ts";
import { loadWeights } from "./load-weights.ts";
import type { ModelFiles } from "./model-files.ts";
import { createWasmMultiply } from "./multiply.ts";

export async function openPortableEngine(model: ModelFiles): Promise<Engine> {
  const weights = await loadWeights(model);
  const multiply = createWasmMultiply();
  return {
    name: "portable",
    dtype: "fp32",
    origin: "built",
    run: (tokens) => Promise.resolve(forward(weights, tokens, model.pooling, multiply)),
    close: () => Promise.resolve(),
  };
}
