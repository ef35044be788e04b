import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createWasmMultiply, multiplyPlainly } from "./multiply.ts";

const numbers = (count: number): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ minLength: count, maxLength: count, min: -4, max: 4, noNaN: true });

test("the WebAssembly product is the plain one, for any number of rows and any width", () => {
  const multiply = createWasmMultiply();
  const size = fc.integer({ min: 1, max: 24 });
  const product = fc.tuple(size, size, size).chain(([rows, inputs, outputs]) =>
    fc.record({
      rows: fc.constant(rows),
      input: numbers(rows * inputs),
      dense: fc.record({
        weight: numbers(inputs * outputs),
        bias: numbers(outputs),
        inputs: fc.constant(inputs),
        outputs: fc.constant(outputs),
      }),
    }),
  );
  fc.assert(
    fc.property(product, ({ rows, input, dense }) => {
      const expected = multiplyPlainly(input, rows, dense);
      const found = multiply(input, rows, dense);
      assert.equal(found.length, expected.length);
      for (const [at, value] of expected.entries()) assert.ok(Math.abs(found[at]! - value) < 1e-3);
    }),
  );
});
