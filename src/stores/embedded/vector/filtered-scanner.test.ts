import assert from "node:assert/strict";
import { test } from "node:test";
import { bitmapOf } from "../bitmap.ts";
import type { BitScanner } from "./bit-scanner.ts";
import { createCodeTable } from "./code-table.ts";
import { filteredScanner } from "./filtered-scanner.ts";
import { plainScanner } from "./plain-scanner.ts";

const rows = 4000;
const angleOf = (slot: number): number => (slot / rows) * Math.PI;
const codes = createCodeTable({ dimensions: 2, maximumRows: rows });
for (let slot = 0; slot < rows; slot += 1)
  codes.set(slot, Float32Array.of(Math.cos(angleOf(slot)), Math.sin(angleOf(slot))));
const scanner = plainScanner(codes);
const request = {
  query: Float32Array.of(1, 0),
  rows,
  allowed: bitmapOf(
    Array.from({ length: rows }, (_none, slot) => slot),
    rows,
  ),
  count: rows,
  limit: 10,
};

/** Bits that know the order of angles, or its reverse. */
const bitsOf = (distance: (slot: number) => number): BitScanner => ({
  kind: "plain",
  greatest: 100,
  distances: () => Uint16Array.from({ length: rows }, (_none, slot) => distance(slot)),
});

const askedBoth = (bits: BitScanner, times: number): readonly boolean[] => {
  const filtered = filteredScanner(scanner, bits);
  return Array.from({ length: times }, () => filtered.scan(request).slots === null);
};

test("the first ten questions and every hundredth are answered in full, the others by bits", () => {
  const full = askedBoth(
    bitsOf((slot) => Math.floor((slot * 100) / rows)),
    200,
  );
  const expected = full.map((_, at) => at < 10 || at === 99 || at === 199);
  assert.deepEqual(full, expected);
});

test("bits that miss the nearest are not trusted after ten questions", () => {
  const full = askedBoth(
    bitsOf((slot) => 100 - Math.floor((slot * 100) / rows)),
    50,
  );
  assert.ok(full.every(Boolean));
});

test("a search that allows few rows does not ask the bits", () => {
  const filtered = filteredScanner(
    scanner,
    bitsOf(() => assert.fail("The bits were asked.")),
  );
  assert.equal(filtered.scan({ ...request, count: 100 }).slots, null);
});
