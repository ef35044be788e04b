/**
 * The messages of an ONNX model that our graphs use; field numbers from onnx.proto3.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */
import type { Encoded } from "./protobuf.ts";
import { bytesField, floatField, integerField, message, messageField, textField, toBytes } from "./protobuf.ts";

const FLOAT = 1;
const INT8 = 3;
const INT64 = 7;

export type AttributeValue =
  | { readonly float: number }
  | { readonly integer: number }
  | { readonly integers: readonly number[] };

export interface OnnxNode {
  readonly operator: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** "com.microsoft" for the runtime's own operators; absent for the standard ones. */
  readonly domain?: string;
}

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int8Array | BigInt64Array;
}

/** A name stands for a size that is known only when the model runs. */
interface OnnxValue {
  readonly name: string;
  readonly type: "float" | "int64";
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

export function encodeModel(graph: OnnxGraph): Uint8Array {
  return toBytes(
    message(
      integerField(1, 8),
      textField(2, "hybridrag"),
      messageField(7, encodeGraph(graph)),
      messageField(8, message(textField(1, ""), integerField(2, 17))),
      messageField(8, message(textField(1, "com.microsoft"), integerField(2, 1))),
    ),
  );
}

const encodeGraph = (graph: OnnxGraph): Encoded =>
  message(
    ...graph.nodes.map((node, index) => messageField(1, encodeNode(node, index))),
    textField(2, "embedder"),
    ...graph.tensors.map((tensor) => messageField(5, encodeTensor(tensor))),
    ...graph.inputs.map((value) => messageField(11, encodeValue(value))),
    ...graph.outputs.map((value) => messageField(12, encodeValue(value))),
  );

const encodeNode = (node: OnnxNode, index: number): Encoded =>
  message(
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(3, `${node.operator}_${index}`),
    textField(4, node.operator),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => messageField(5, encodeAttribute(name, value))),
    textField(7, node.domain ?? ""),
  );

function encodeAttribute(name: string, value: AttributeValue): Encoded {
  if ("float" in value) return message(textField(1, name), floatField(2, value.float), integerField(20, 1));
  if ("integer" in value) return message(textField(1, name), integerField(3, value.integer), integerField(20, 2));
  return message(textField(1, name), ...value.integers.map((item) => integerField(8, item)), integerField(20, 7));
}

function encodeTensor({ name, shape, data }: OnnxTensor): Encoded {
  const type = data instanceof Float32Array ? FLOAT : data instanceof Int8Array ? INT8 : INT64;
  return message(
    ...shape.map((size) => integerField(1, size)),
    integerField(2, type),
    textField(8, name),
    bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
}

function encodeValue({ name, type, shape }: OnnxValue): Encoded {
  const sizes = shape.map((size) =>
    messageField(1, typeof size === "number" ? integerField(1, size) : textField(2, size)),
  );
  const tensor = message(integerField(1, type === "float" ? FLOAT : INT64), messageField(2, message(...sizes)));
  return message(textField(1, name), messageField(2, message(messageField(1, tensor))));
}
