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
      assert.deepEqual(evenSample(bitmap, size, 60), expected);
    }),
  );
});

test("takes a sample at even distances", () => {
  fc.assert(
    fc.property(slots, fc.integer({ min: 1, max: 20 }), (slots, count) => {
      const sample = evenSample(bitmapOf(slots, 60), 60, count);
      assert.equal(sample.length, Math.min(count, slots.length));
      const places = sample.map((slot) => slots.indexOf(slot));
      const step = Math.max(1, slots.length / count);
      for (const [i, place] of places.entries()) assert.equal(place, Math.floor(i * step));
    }),
  );
});
