/** The weights of a BERT encoder under plain names, whichever prefix the file gives them. */
import { HybridRAGError } from "../../errors.ts";
import type { Tensor, TensorSource } from "./safetensors.ts";

export interface BertShape {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly innerWidth: number;
  readonly positions: number;
  readonly epsilon: number;
}

/** `weight` is stored row by row, one row per output. */
export interface Dense {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
}

export interface Norm {
  readonly gain: Float32Array;
  readonly shift: Float32Array;
}

export interface BertLayer {
  /** Query, key and value one under the other: three times the width in outputs. */
  readonly attention: Dense;
  readonly attentionOutput: Dense;
  readonly attentionNorm: Norm;
  readonly inner: Dense;
  readonly outer: Dense;
  readonly outputNorm: Norm;
}

export interface BertWeights {
  readonly shape: BertShape;
  readonly words: Tensor;
  /** Position and first token type added up: one text has no second type. */
  readonly positions: Float32Array;
  readonly norm: Norm;
  readonly layers: readonly BertLayer[];
}

/** @throws HybridRAGError `invalid_config` when a tensor is missing or has another shape. */
export function readBertWeights(source: TensorSource, shape: BertShape): BertWeights {
  const { width, innerWidth, positions } = shape;
  const find = (name: string, ...size: readonly number[]): Float32Array => {
    const tensor = source(name) ?? source(`bert.${name}`);
    if (tensor === null) throw unusable(`the tensor ${name} is missing`);
    if (tensor.shape.join() !== size.join())
      throw unusable(`the tensor ${name} has the shape ${tensor.shape.join("×")}`);
    return tensor.data;
  };
  const dense = (name: string, inputs: number, outputs: number): Dense => ({
    weight: find(`${name}.weight`, outputs, inputs),
    bias: find(`${name}.bias`, outputs),
    inputs,
    outputs,
  });
  const norm = (name: string): Norm => ({ gain: find(`${name}.weight`, width), shift: find(`${name}.bias`, width) });
  const layer = (index: number): BertLayer => {
    const at = `encoder.layer.${index}`;
    return {
      attention: stack(["query", "key", "value"].map((part) => dense(`${at}.attention.self.${part}`, width, width))),
      attentionOutput: dense(`${at}.attention.output.dense`, width, width),
      attentionNorm: norm(`${at}.attention.output.LayerNorm`),
      inner: dense(`${at}.intermediate.dense`, width, innerWidth),
      outer: dense(`${at}.output.dense`, innerWidth, width),
      outputNorm: norm(`${at}.output.LayerNorm`),
    };
  };
  const words = source("embeddings.word_embeddings.weight") ?? source("bert.embeddings.word_embeddings.weight");
  if (words === null || words.shape[1] !== width) throw unusable("the table of words is missing or has another width");
  const place = find("embeddings.position_embeddings.weight", positions, width);
  const types =
    source("embeddings.token_type_embeddings.weight") ?? source("bert.embeddings.token_type_embeddings.weight");
  return {
    shape,
    words,
    positions: types === null ? place : place.map((value, index) => value + types.data[index % width]!),
    norm: norm("embeddings.LayerNorm"),
    layers: Array.from({ length: shape.layers }, (_, index) => layer(index)),
  };
}

function stack(parts: readonly Dense[]): Dense {
  const outputs = parts.reduce((sum, part) => sum + part.outputs, 0);
  const inputs = parts[0]!.inputs;
  const weight = new Float32Array(outputs * inputs);
  const bias = new Float32Array(outputs);
  let row = 0;
  for (const part of parts) {
    weight.set(part.weight, row * inputs);
    bias.set(part.bias, row);
    row += part.outputs;
  }
  return { weight, bias, inputs, outputs };
}

const unusable = (why: string): HybridRAGError =>
  new HybridRAGError(
    "invalid_config",
    `The model folder does not hold a BERT encoder as its config.json says: ${why}.`,
  );
