import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { dotProduct } from "./dot-product.ts";

it("takes dot products of any length as one sum does", () => {
  const value = fc.float({ min: -1, max: 1, noNaN: true });
  const pairs = fc.array(fc.tuple(value, value), { maxLength: 40 });
  fc.assert(
    fc.property(pairs, (made) => {
      const [a, b] = [Float32Array.from(made, ([x]) => x), Float32Array.from(made, ([, y]) => y)];
      const plain = made.reduce((sum, [x, y]) => sum + x * y, 0);
      assert.ok(Math.abs(dotProduct(a, b) - plain) < 1e-9);
    }),
  );
});
