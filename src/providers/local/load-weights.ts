/** Reads a model's weights and proves that they are the expected ones. Blocks: for worker threads only. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HybridRAGError } from "../../errors.ts";
import { readBertWeights, type BertWeights } from "./bert-weights.ts";
import type { ModelFiles } from "./model-files.ts";
import { readSafetensors } from "./safetensors.ts";

/** @throws HybridRAGError `invalid_config` when the hash differs or the file is no such model. */
export async function loadWeights(model: ModelFiles): Promise<BertWeights> {
  const file = await readFile(model.weightsPath);
  const found = createHash("sha256").update(file).digest("hex");
  if (found !== model.weightsSha256) {
    throw new HybridRAGError(
      "invalid_config",
      `The weights of ${model.name} are not the expected ones, so they were not used. Install or copy them again.`,
      { details: { path: model.weightsPath, expected: model.weightsSha256, found } },
    );
  }
  return readBertWeights(readSafetensors(file), model.shape);
}
