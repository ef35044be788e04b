/**
 * A BERT encoder as an ONNX graph for one text at a time: 8- or 7-bit weights with one scale per output, activations
 * quantised while it runs, pooling and unit length inside. Nothing is padded, so no attention mask is needed and a
 * vector does not depend on what else is embedded.
 */
import type { BertLayer, BertWeights, Dense, Norm } from "./bert-weights.ts";
import { encodeModel, type AttributeValue, type OnnxNode, type OnnxTensor } from "./onnx.ts";
import { quantizeRows, transpose, type Bits } from "./quantize.ts";

/** Part of the cache key: raise it whenever the graph changes. */
export const graphVersion = 1;

export type Pooling = "mean" | "cls";

/** Inputs `tokens` and `positions`, int64 [1, n]; output `vector`, float32 [1, width], of unit length. */
export function buildBertGraph(weights: BertWeights, pooling: Pooling, bits: Bits): Uint8Array {
  const { shape } = weights;
  const graph = graphBuilder(bits);
  let state = embed(graph, weights);
  for (const [index, layer] of weights.layers.entries()) {
    state = encode(graph, `layer${index}`, layer, state, weights);
  }
  pool(graph, state, pooling);
  return encodeModel({
    nodes: graph.nodes,
    tensors: graph.tensors,
    inputs: [
      { name: "tokens", type: "int64", shape: [1, "count"] },
      { name: "positions", type: "int64", shape: [1, "count"] },
    ],
    outputs: [{ name: "vector", type: "float", shape: [1, shape.width] }],
  });
}

interface GraphBuilder {
  readonly bits: Bits;
  readonly nodes: OnnxNode[];
  readonly tensors: OnnxTensor[];
  /** Adds a constant and answers its name. */
  constant(name: string, shape: readonly number[], data: OnnxTensor["data"]): string;
  /** Adds a node with one output and answers the output's name. */
  apply(operator: string, inputs: readonly string[], output: string, attributes?: OnnxNode["attributes"]): string;
}

/** Operators that are the runtime's own, not part of the ONNX standard. */
const runtimeOperators = new Set(["DynamicQuantizeMatMul", "MultiHeadAttention", "SkipLayerNormalization", "Gelu"]);

const domainOf = (operator: string): string | undefined =>
  runtimeOperators.has(operator) ? "com.microsoft" : undefined;

function graphBuilder(bits: Bits): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  return {
    bits,
    nodes,
    tensors,
    constant(name, shape, data) {
      tensors.push({ name, shape, data });
      return name;
    },
    apply(operator, inputs, output, attributes) {
      nodes.push({ operator, inputs, outputs: [output], attributes, domain: domainOf(operator) });
      return output;
    },
  };
}

const integer = (value: number): AttributeValue => ({ integer: value });

function embed(graph: GraphBuilder, { words, positions, norm, shape }: BertWeights): string {
  const count = words.shape[0]!;
  const { codes, scales } = quantizeRows(words.data, count, 8);
  const wordCodes = graph.constant("words.codes", [count, shape.width], codes);
  const wordScales = graph.constant("words.scales", [count, 1], scales);
  const places = graph.constant("places", [shape.positions, shape.width], positions);
  const picked = graph.apply("Gather", [wordCodes, "tokens"], "words.picked", { axis: integer(0) });
  const cast = graph.apply("Cast", [picked], "words.cast", { to: integer(1) });
  const scale = graph.apply("Gather", [wordScales, "tokens"], "words.scale", { axis: integer(0) });
  const word = graph.apply("Mul", [cast, scale], "words.value");
  const place = graph.apply("Gather", [places, "positions"], "places.value", { axis: integer(0) });
  const { gain, shift } = addNorm(graph, "embedding.norm", norm);
  return graph.apply("SkipLayerNormalization", [word, place, gain, shift], "embedding", {
    epsilon: { float: shape.epsilon },
  });
}

function encode(graph: GraphBuilder, at: string, layer: BertLayer, input: string, { shape }: BertWeights): string {
  const projected = addDense(graph, `${at}.attention`, layer.attention, input);
  const parts = ["query", "key", "value"].map((part) => `${at}.${part}`);
  const sizes = graph.constant(
    `${at}.sizes`,
    [3],
    BigInt64Array.from(parts, () => BigInt(shape.width)),
  );
  graph.nodes.push({ operator: "Split", inputs: [projected, sizes], outputs: parts, attributes: { axis: integer(2) } });
  const attended = graph.apply("MultiHeadAttention", parts, `${at}.attended`, { num_heads: integer(shape.heads) });
  const merged = addDense(graph, `${at}.merge`, layer.attentionOutput, attended);
  const middle = addSkip(graph, `${at}.middle`, layer.attentionNorm, merged, input, shape.epsilon);
  const inner = addDense(graph, `${at}.inner`, layer.inner, middle);
  const outer = addDense(graph, `${at}.outer`, layer.outer, graph.apply("Gelu", [inner], `${at}.gelu`));
  return addSkip(graph, `${at}.output`, layer.outputNorm, outer, middle, shape.epsilon);
}

function pool(graph: GraphBuilder, state: string, pooling: Pooling): void {
  const pooled =
    pooling === "mean"
      ? graph.apply("ReduceMean", [state], "pooled", { axes: { integers: [1] }, keepdims: integer(0) })
      : graph.apply("Gather", [state, graph.constant("first", [], BigInt64Array.of(0n))], "pooled", {
          axis: integer(1),
        });
  graph.apply("LpNormalization", [pooled], "vector", { axis: integer(1), p: integer(2) });
}

function addDense(graph: GraphBuilder, name: string, dense: Dense, input: string): string {
  const { codes, scales } = quantizeRows(dense.weight, dense.outputs, graph.bits);
  const weight = graph.constant(`${name}.codes`, [dense.inputs, dense.outputs], transpose(codes, dense.outputs));
  const scale = graph.constant(`${name}.scales`, [dense.outputs], scales);
  const bias = graph.constant(`${name}.bias`, [dense.outputs], dense.bias);
  return graph.apply("DynamicQuantizeMatMul", [input, weight, scale, "", bias], name);
}

function addNorm(graph: GraphBuilder, name: string, norm: Norm): { readonly gain: string; readonly shift: string } {
  return {
    gain: graph.constant(`${name}.gain`, [norm.gain.length], norm.gain),
    shift: graph.constant(`${name}.shift`, [norm.shift.length], norm.shift),
  };
}

function addSkip(graph: GraphBuilder, name: string, norm: Norm, left: string, right: string, epsilon: number): string {
  const { gain, shift } = addNorm(graph, `${name}.norm`, norm);
  return graph.apply("SkipLayerNormalization", [left, right, gain, shift], name, { epsilon: { float: epsilon } });
}
