/**
 * Reads a safetensors file: 8 bytes of header length, a JSON header, then the raw little-endian tensors.
 * @see https://huggingface.co/docs/safetensors
 */
import { HybridRAGError } from "../../errors.ts";

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The tensor of this name as 32-bit floats; null when the file has none. Integer tensors are refused. */
export type TensorSource = (name: string) => Tensor | null;

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const damaged = (why: string): HybridRAGError =>
  new HybridRAGError("invalid_config", `The model's weights file is not valid safetensors: ${why}. Copy it again.`);

/** @throws HybridRAGError `invalid_config` when the file is damaged. */
export function readSafetensors(file: Uint8Array): TensorSource {
  if (file.byteLength < 8) throw damaged("it is shorter than its header");
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > file.byteLength - 8) throw damaged("its header is cut off");
  const header = parseHeader(file.subarray(8, 8 + length));
  const body = file.subarray(8 + length);
  return (name) => {
    const entry = header.get(name);
    return entry === undefined ? null : readTensor(name, entry, body);
  };
}

function parseHeader(bytes: Uint8Array): ReadonlyMap<string, HeaderEntry> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw damaged("its header is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null) throw damaged("its header is not an object");
  const entries = Object.entries(parsed).filter(([name]) => name !== "__metadata__");
  for (const [name, entry] of entries) if (!isEntry(entry)) throw damaged(`the entry ${name} is malformed`);
  return new Map(entries as [string, HeaderEntry][]);
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);

function isEntry(value: unknown): value is HeaderEntry {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  return typeof dtype === "string" && isNumbers(shape) && isNumbers(offsets) && offsets.length === 2;
}

function readTensor(name: string, entry: HeaderEntry, body: Uint8Array): Tensor {
  const [start, end] = entry.data_offsets;
  const count = entry.shape.reduce((product, size) => product * size, 1);
  const width = entry.dtype === "F32" ? 4 : 2;
  if (!(entry.dtype in decoders)) throw damaged(`the tensor ${name} has the type ${entry.dtype}`);
  if (end > body.byteLength || end - start !== count * width) throw damaged(`the tensor ${name} is cut off`);
  // A copy: the tensors of a file need not be aligned to their width.
  const bytes = new Uint8Array(body.subarray(start, end));
  return { shape: entry.shape, data: decoders[entry.dtype as keyof typeof decoders](bytes.buffer) };
}

const decoders = {
  F32: (buffer: ArrayBuffer) => new Float32Array(buffer),
  F16: (buffer: ArrayBuffer) => decodeHalves(new Uint16Array(buffer)),
  BF16: (buffer: ArrayBuffer) => {
    const words = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
    return new Float32Array(words.buffer);
  },
} as const;

/** IEEE 754 binary16 to binary32, by bits. */
function decodeHalves(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const words = new Uint32Array(out.buffer);
  for (let index = 0; index < halves.length; index++) {
    const half = halves[index]!;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) out[index] = (sign === 0 ? 1 : -1) * fraction * 2 ** -24;
    else words[index] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  }
  return out;
}
