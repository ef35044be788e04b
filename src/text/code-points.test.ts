import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { codePointsBefore, sliceCodePoints } from "./code-points.ts";

test("counts code points as other languages do, also around characters beyond the basic plane", () => {
  assert.equal(codePointsBefore("a🦆b", 3), 2);
  assert.equal(sliceCodePoints("a🦆b🦢c", 1, 4), "🦆b🦢");
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), fc.nat(), fc.nat(), (parts, a, b) => {
      const characters = Array.from(parts.join(""));
      const [start, end] = [a % (characters.length + 1), b % (characters.length + 1)].toSorted((x, y) => x - y);
      const text = characters.join("");
      const unit = (count: number) => characters.slice(0, count).join("").length;
      assert.equal(codePointsBefore(text, unit(start!)), start);
      assert.equal(sliceCodePoints(text, start!, end!), text.slice(unit(start!), unit(end!)));
    }),
  );
});
