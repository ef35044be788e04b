/**
 * The forward pass of a BERT encoder in plain numbers: what the ONNX graph computes, without quantisation. It is the
 * reference that the graph is tested against, and the engine where no native runtime loads.
 * @see https://arxiv.org/abs/1810.04805
 */
import { attend } from "./attention.ts";
import type { Pooling } from "./bert-graph.ts";
import type { BertLayer, BertWeights, Dense, Norm } from "./bert-weights.ts";

/** `input` holds `rows` rows of `dense.inputs`; answers `rows` rows of `dense.outputs`, bias added. */
export type Multiply = (input: Float32Array, rows: number, dense: Dense) => Float32Array;

/** One unit-length vector for framed token ids. */
export function forward(weights: BertWeights, tokens: Int32Array, pooling: Pooling, multiply: Multiply): Float32Array {
  const { shape } = weights;
  const input = embed(weights, tokens);
  const state = weights.layers.reduce((state, layer) => encode(layer, state, tokens.length, weights, multiply), input);
  return toUnitLength(pooling === "cls" ? state.slice(0, shape.width) : meanOfRows(state, shape.width));
}

function embed({ words, positions, norm, shape }: BertWeights, tokens: Int32Array): Float32Array {
  const { width } = shape;
  const state = new Float32Array(tokens.length * width);
  for (const [row, token] of tokens.entries()) {
    for (let at = 0; at < width; at++) {
      state[row * width + at] = words.data[token * width + at]! + positions[row * width + at]!;
    }
  }
  normalizeRows(state, norm, shape.epsilon);
  return state;
}

function encode(
  layer: BertLayer,
  state: Float32Array,
  rows: number,
  { shape }: BertWeights,
  multiply: Multiply,
): Float32Array {
  const attended = attend(multiply(state, rows, layer.attention), rows, shape.width, shape.heads);
  const middle = add(multiply(attended, rows, layer.attentionOutput), state);
  normalizeRows(middle, layer.attentionNorm, shape.epsilon);
  const inner = multiply(middle, rows, layer.inner);
  for (let at = 0; at < inner.length; at++) inner[at] = gelu(inner[at]!);
  const output = add(multiply(inner, rows, layer.outer), middle);
  normalizeRows(output, layer.outputNorm, shape.epsilon);
  return output;
}

function normalizeRows(state: Float32Array, { gain, shift }: Norm, epsilon: number): void {
  const width = gain.length;
  for (let start = 0; start < state.length; start += width) {
    let sum = 0;
    for (let at = 0; at < width; at++) sum += state[start + at]!;
    const mean = sum / width;
    let squares = 0;
    for (let at = 0; at < width; at++) squares += (state[start + at]! - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / width + epsilon);
    for (let at = 0; at < width; at++)
      state[start + at] = (state[start + at]! - mean) * factor * gain[at]! + shift[at]!;
  }
}

const gelu = (value: number): number => 0.5 * value * (1 + errorFunction(value * Math.SQRT1_2));

/** Abramowitz and Stegun 7.1.26: wrong by at most 1.5e-7. */
function errorFunction(value: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(value));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(value) * (1 - series * Math.exp(-value * value));
}

function add(left: Float32Array, right: Float32Array): Float32Array {
  for (let at = 0; at < left.length; at++) left[at] = left[at]! + right[at]!;
  return left;
}

function meanOfRows(state: Float32Array, width: number): Float32Array {
  const mean = new Float32Array(width);
  for (let at = 0; at < state.length; at++) mean[at % width] = mean[at % width]! + state[at]!;
  return mean.map((value) => (value * width) / state.length);
}

function toUnitLength(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
