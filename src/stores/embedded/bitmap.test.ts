import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitmapOf, countSlots, evenSample, hasSlot, slotsOf } from "./bitmap.ts";

const slots = fc.uniqueArray(fc.nat(59), { maxLength: 60 }).map((list) => list.sort((a, b) => a - b));

test("holds, counts and lists the slots below a size", () => {
  fc.assert(
    fc.property(slots, fc.nat(70), (slots, size) => {
      const bitmap = bitmapOf(slots, 60);
      const expected = slots.filter((slot) => slot < size);
      assert.deepEqual(
        Array.from({ length: 70 }, (_, slot) => slot).filter((slot) => hasSlot(bitmap, slot)),
        slots,
      );
      assert.equal(countSlots(bitmap, size), expected.length);
      assert.equal(countSlots(bitmap, size, 5), expected.filter((slot) => slot >= 5).length);
      assert.deepEqual([...slotsOf(bitmap, size)], expected);
    }),
  );
});

test("takes a sample in runs of eight slots at even distances", () => {
  fc.assert(
    fc.property(slots, fc.nat(70), fc.integer({ min: 1, max: 9 }), (slots, size, step) => {
      assert.deepEqual(
        [...evenSample(bitmapOf(slots, 60), size, step)],
        slots.filter((slot) => slot < size && (slot >> 3) % step === 0),
      );
    }),
  );
});
