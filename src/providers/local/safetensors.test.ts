import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readSafetensors } from "./safetensors.ts";

function fileWith(dtype: string, shape: readonly number[], bytes: Uint8Array, claimed = bytes.byteLength): Uint8Array {
  const header = Buffer.from(JSON.stringify({ t: { dtype, shape, data_offsets: [0, claimed] }, __metadata__: {} }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes]);
}

const words = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);

test("reads half precision: zero, subnormal, one, a third, the largest, infinity", () => {
  const bytes = words(0x0000, 0x8001, 0x3c00, 0x3555, 0xfbff, 0x7c00);
  const values = [0, -(2 ** -24), 1, 0.333251953125, -65_504, Infinity];
  assert.deepEqual(readSafetensors(fileWith("F16", [6], bytes))("t")?.data, Float32Array.from(values));
});

test("reads bfloat16, the upper half of a 32-bit float", () => {
  const bytes = words(0x3f80, 0xc049, 0x7f80);
  assert.deepEqual(readSafetensors(fileWith("BF16", [3], bytes))("t")?.data, Float32Array.of(1, -3.140625, Infinity));
});

test("reads 32-bit floats as they were written, wherever they stand", () => {
  fc.assert(
    fc.property(fc.float32Array({ maxLength: 9, noNaN: true }), (values) => {
      const file = fileWith("F32", [values.length], new Uint8Array(values.slice().buffer));
      assert.deepEqual(readSafetensors(file)("t"), { shape: [values.length], data: values });
    }),
  );
});

test("answers null for a tensor that is not there", () => {
  assert.equal(readSafetensors(fileWith("F16", [1], words(0)))("other"), null);
});

test("refuses a file that is cut off, mistyped or no such file", () => {
  const whole = fileWith("F16", [2], words(1, 2));
  const read = (file: Uint8Array): unknown => readSafetensors(file)("t");
  const bad = [
    whole.subarray(0, 5),
    whole.subarray(0, 30),
    whole.subarray(0, whole.length - 1),
    fileWith("F16", [3], words(1, 2)),
    fileWith("I64", [1], words(1, 2, 3, 4)),
    Buffer.from("no tensors here, only a sentence that is long enough"),
  ];
  for (const file of bad) assert.throws(() => read(file), { code: "invalid_config" });
});
