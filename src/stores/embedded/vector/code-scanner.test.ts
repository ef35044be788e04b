import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitmapOf, hasSlot } from "../bitmap.ts";
import { attachCodeTable, type CodeTable, createCodeTable } from "./code-table.ts";
import { plainScanner } from "./plain-scanner.ts";
import { simdScanner } from "./simd-scanner.ts";

const vectorOf = (dimensions: number): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ minLength: dimensions, maxLength: dimensions, min: -1, max: 1, noNaN: true });

const dimensions = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(127, 128, 129, 380, 384, 1000, 1024, 2047, 2048),
);

const world = dimensions.chain((dimensions) =>
  fc.record({
    dimensions: fc.constant(dimensions),
    vectors: fc.array(fc.option(vectorOf(dimensions)), { maxLength: dimensions > 100 ? 9 : 30 }),
    query: vectorOf(dimensions),
    denied: fc.array(fc.nat(30)),
  }),
);

function tableOf(dimensions: number, vectors: readonly (Float32Array | null)[]): CodeTable {
  const table = createCodeTable({ dimensions, maximumRows: 1000 });
  for (const [slot, vector] of vectors.entries()) table.set(slot, vector);
  return table;
}

test("scans with SIMD to the bit as plain JavaScript does", () => {
  fc.assert(
    fc.property(world, ({ dimensions, vectors, query, denied }) => {
      const table = tableOf(dimensions, vectors);
      const allowed = bitmapOf(
        Array.from({ length: 40 }, (_, slot) => slot).filter((slot) => !denied.includes(slot)),
        40,
      );
      const simd = simdScanner(table);
      assert.ok(simd !== null);
      const request = { query, rows: vectors.length, allowed };
      const { scores } = plainScanner(table).scan(request);
      assert.deepEqual(simd.scan(request), plainScanner(table).scan(request));
      const listed = Uint32Array.from([...scores.keys()].filter((slot) => hasSlot(allowed, slot)).toReversed());
      const expected = Float32Array.from(listed, (slot) => scores[slot] as number);
      for (const scanner of [simd, plainScanner(table)]) assert.deepEqual(scanner.scoresOf(query, listed), expected);
    }),
    { numRuns: 300 },
  );
});

test("scores as the cosine within what 8 bits can tell, and only slots that are allowed and have a vector", () => {
  fc.assert(
    fc.property(world, ({ dimensions, vectors, query, denied }) => {
      const unit = (vector: Float32Array): Float32Array => {
        const length = Math.hypot(...vector);
        return length > 1e-3 ? vector.map((value) => value / length) : new Float32Array(dimensions);
      };
      const unitQuery = unit(query);
      const units = vectors.map((vector) => vector && unit(vector));
      const slots = [...units.keys()].filter((slot) => !denied.includes(slot));
      const { scores, moments } = plainScanner(tableOf(dimensions, units)).scan({
        query: unitQuery,
        rows: units.length,
        allowed: bitmapOf(slots, units.length),
      });
      const cosines = units.map((vector, slot) => {
        if (vector === null || !slots.includes(slot) || vector.every((value) => value === 0)) return -Infinity;
        return vector.reduce((sum, value, i) => sum + value * (unitQuery[i] as number), 0);
      });
      for (const [slot, cosine] of cosines.entries()) {
        const score = scores[slot] as number;
        assert.ok(
          score === cosine || Math.abs(score - cosine) < 0.012 + 0.0003 * Math.sqrt(dimensions),
          `${score} ${cosine}`,
        );
      }
      const found = [...scores].filter((score) => score > -Infinity);
      const mean = found.reduce((sum, score) => sum + score, 0) / (found.length || 1);
      const variance = found.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (found.length || 1);
      assert.equal(moments.count, found.length);
      assert.ok(Math.abs(moments.mean - mean) < 1e-6 && Math.abs(moments.deviation ** 2 - variance) < 1e-6);
    }),
    { numRuns: 300 },
  );
});

test("sees what another table over the same memory writes, and grows with it", () => {
  const writer = createCodeTable({ dimensions: 3, maximumRows: 100_000 });
  const reader = attachCodeTable(3, writer.rows.memory);
  const scanner = simdScanner(reader);
  for (const slot of [0, 50_000]) writer.set(slot, new Float32Array([0, 0, 1]));
  const request = { query: new Float32Array([0, 0, 1]), rows: 50_001, allowed: bitmapOf([0, 50_000], 50_001) };
  const scores = scanner?.scan(request).scores as Float32Array;
  assert.ok(Math.abs((scores[50_000] as number) - 1) < 1e-6 && scores[0] === scores[50_000]);
  assert.equal(scores[1], -Infinity);
  writer.set(0, null);
  assert.equal(scanner?.scan(request).scores[0], -Infinity);
});

test("refuses more rows than it was made for", () => {
  const table = createCodeTable({ dimensions: 60, maximumRows: 1000 });
  assert.throws(() => table.set(5000, new Float32Array(60)), { code: "too_large" });
});
