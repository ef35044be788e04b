/** Chooses what runs the model inside a worker. */
import { isHybridRAGError, messageOf } from "../../errors.ts";
import type { Engine, EngineName } from "./engine.ts";
import type { ModelFiles } from "./model-files.ts";
import { loadRuntime, openOnnxEngine } from "./onnx-engine.ts";
import { openPortableEngine } from "./portable-engine.ts";

export interface OpenedEngine {
  readonly engine: Engine;
  /** Why the native runtime is not used although it was to be tried; null otherwise. */
  readonly reason: string | null;
}

/** "auto" takes the native runtime where it loads, and else the engine that needs no native code. */
export async function openEngine(
  model: ModelFiles,
  wanted: EngineName | "auto",
  cacheDir: string | null,
  load = loadRuntime,
): Promise<OpenedEngine> {
  if (wanted === "portable") return { engine: await openPortableEngine(model), reason: null };
  try {
    return { engine: await openOnnxEngine(load(), model, cacheDir), reason: null };
  } catch (error) {
    const modelIsWrong = isHybridRAGError(error) && error.code === "invalid_config";
    if (wanted === "onnx" || modelIsWrong) throw error;
    return { engine: await openPortableEngine(model), reason: messageOf(error) };
  }
}
