/**
 * Writes protocol buffers, as far as an ONNX model needs them. A message is a list of byte pieces with their total
 * size, so tensors of many megabytes are copied once, at the end.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

export interface Encoded {
  readonly size: number;
  readonly pieces: readonly Uint8Array[];
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Fields one after the other: the body of a message. */
export function message(...fields: readonly Encoded[]): Encoded {
  return {
    size: fields.reduce((sum, field) => sum + field.size, 0),
    pieces: fields.flatMap((field) => field.pieces),
  };
}

/** A non-negative integer below 2^53. */
export const integerField = (number: number, value: number): Encoded =>
  single([...varint((number << 3) | VARINT), ...varint(value)]);

export function floatField(number: number, value: number): Encoded {
  const bytes = new Uint8Array(new Float32Array([value]).buffer);
  return single([...varint((number << 3) | FIXED32), ...bytes]);
}

export const textField = (number: number, value: string): Encoded =>
  bytesField(number, new TextEncoder().encode(value));

export const bytesField = (number: number, value: Uint8Array): Encoded =>
  messageField(number, { size: value.byteLength, pieces: [value] });

export function messageField(number: number, value: Encoded): Encoded {
  const head = Uint8Array.from([...varint((number << 3) | LENGTH_DELIMITED), ...varint(value.size)]);
  return { size: head.byteLength + value.size, pieces: [head, ...value.pieces] };
}

export function toBytes(encoded: Encoded): Uint8Array {
  const out = new Uint8Array(encoded.size);
  let offset = 0;
  for (const piece of encoded.pieces) {
    out.set(piece, offset);
    offset += piece.byteLength;
  }
  return out;
}

const single = (bytes: readonly number[]): Encoded => ({ size: bytes.length, pieces: [Uint8Array.from(bytes)] });

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
