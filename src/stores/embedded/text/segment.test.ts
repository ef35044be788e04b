import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { englishAnalyzer } from "../../../text/analyze.ts";
import { buildSegment } from "./segment-builder.ts";
import { openSegment, type TextSegment, verifySegment } from "./segment.ts";

const sample = (): TextSegment =>
  buildSegment(englishAnalyzer(), [
    { slot: 9, tenant: 4, title: "The Eiffel Tower", content: "It stands in Paris since 1889." },
    { slot: 2, tenant: 7, title: "", content: "東京タワー is a tower too" },
  ]);

/** As reading a file does. */
function copyOf(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

test("opens from its bytes as it was", () => {
  const segment = sample();
  const opened = openSegment(copyOf(segment.bytes));
  verifySegment(opened);
  assert.deepEqual(opened, segment);
  assert.deepEqual([...opened.slots], [2, 9]);
  assert.deepEqual([...opened.tenants], [4, 7]);
});

test("opens in the middle of a larger buffer", () => {
  const { bytes } = sample();
  const larger = new Uint8Array(new SharedArrayBuffer(bytes.length + 16));
  larger.set(bytes, 8);
  const opened = openSegment(larger.subarray(8, 8 + bytes.length));
  verifySegment(opened);
  assert.deepEqual([...opened.slots], [2, 9]);
});

test("a single changed byte, or a missing one, is noticed", () => {
  const { bytes } = sample();
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = copyOf(bytes);
      damaged[at] = (damaged[at] as number) ^ change;
      assert.throws(() => verifySegment(openSegment(damaged)), { code: "data_damaged" });
      assert.throws(() => openSegment(damaged.subarray(0, at)), { code: "data_damaged" });
    }),
    { numRuns: 500 },
  );
});

test("refuses more rows than a segment holds", () => {
  const rows = Array.from({ length: 65_536 }, (_, slot) => ({ slot, tenant: 1, title: "", content: "" }));
  assert.equal(buildSegment(englishAnalyzer(), rows.slice(1)).rows, 65_535);
  assert.throws(() => buildSegment(englishAnalyzer(), rows), { code: "too_large" });
});
