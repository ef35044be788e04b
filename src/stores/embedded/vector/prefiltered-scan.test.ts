import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitmapOf, onesIn } from "../bitmap.ts";
import { topScores } from "../top-scores.ts";
import { bitScanner, compiledBitScanner, nearestSlots, notAllowed, plainBitScanner } from "./bit-scanner.ts";
import { attachBitTable, createBitTable, meanVector } from "./bit-table.ts";
import { bitsOfCodes } from "./bits-of-codes.ts";
import { createCodeTable } from "./code-table.ts";
import { isWorthFiltering, prefilteredScan } from "./prefiltered-scan.ts";
import { recallOf, recallWatch } from "./recall-watch.ts";
import { randomRotation } from "./rotation.ts";
import { codeScanner } from "./simd-scanner.ts";

const vectorOf = (dimensions: number): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ minLength: dimensions, maxLength: dimensions, min: -1, max: 1, noNaN: true });

const sizes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(127, 128, 384, 1000));

test("a rotation keeps lengths and angles", () => {
  const pair = sizes.chain((dimensions) => fc.tuple(vectorOf(dimensions), vectorOf(dimensions)));
  const dot = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  fc.assert(
    fc.property(pair, fc.nat(), ([left, right], seed) => {
      const [a, b] = [Float64Array.from(left), Float64Array.from(right)];
      const before = [dot(a, a), dot(a, b)];
      const rotate = randomRotation(a.length, seed);
      rotate(a);
      rotate(b);
      for (const [i, value] of [dot(a, a), dot(a, b)].entries())
        assert.ok(Math.abs(value - (before[i] as number)) < 1e-9);
    }),
  );
});

test("a rotation spreads a single dimension over all", () => {
  for (const dimensions of [384, 1000, 1024]) {
    const vector = new Float64Array(dimensions);
    vector[7] = 1;
    randomRotation(dimensions, 1)(vector);
    const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(largest < 6 / Math.sqrt(dimensions), `${largest}`);
  }
});

test("the kernel counts different bits as plain JavaScript does", () => {
  const world = sizes.chain((dimensions) =>
    fc.tuple(fc.array(vectorOf(dimensions), { minLength: 1, maxLength: 12 }), fc.array(fc.nat(12))),
  );
  fc.assert(
    fc.property(world, ([vectors, slots]) => {
      const [query] = vectors as [Float32Array];
      const table = createBitTable(meanVector(query.length, vectors), 100);
      for (const [slot, vector] of vectors.entries()) table.set(slot, vector);
      const request = { query, rows: vectors.length, allowed: bitmapOf(slots, 13) };
      const compiled = compiledBitScanner(attachBitTable(table.mean, table.rows.memory));
      assert.ok(compiled !== null);
      assert.deepEqual([...compiled.distances(request)], [...plainBitScanner(table).distances(request)]);
      if (slots.includes(0)) assert.equal(compiled.distances(request)[0], 0);
    }),
  );
});

test("takes the nearest slots, the lower ones among equals", () => {
  const distances = fc.array(fc.oneof(fc.nat(5), fc.constant(notAllowed)), { maxLength: 30 });
  fc.assert(
    fc.property(distances, fc.nat(35), (distances, count) => {
      const expected = [...distances.entries()]
        .filter(([, distance]) => distance !== notAllowed)
        .sort(([i, a], [j, b]) => a - b || i - j)
        .slice(0, count)
        .map(([slot]) => slot)
        .sort((a, b) => a - b);
      assert.deepEqual([...nearestSlots(Uint16Array.from(distances), count, 5)], expected);
    }),
  );
});

/** Clustered unit vectors with a common offset, as texts have. */
function clusteredVectors(count: number, dimensions: number): Float32Array[] {
  let state = 7;
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32 - 0.5;
  const noise = (): Float32Array => Float32Array.from({ length: dimensions }, () => random() + random() + random());
  const centres = Array.from({ length: 60 }, noise);
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor((random() + 0.5) * centres.length)] as Float32Array;
    const vector = noise().map((value, i) => 0.7 * value + (centre[i] as number) + 0.4);
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  });
}

test("finds by bits first what a full scan finds, and only allowed slots", () => {
  const vectors = clusteredVectors(6000, 96);
  const codes = createCodeTable({ dimensions: 96, maximumRows: 10_000 });
  for (const [slot, vector] of vectors.entries()) codes.set(slot, vector);
  const bits = bitsOfCodes(codes, vectors.length, 10_000);
  const scanner = codeScanner(codes);
  const watch = recallWatch();
  const allowed = bitmapOf(
    [...vectors.keys()].filter((slot) => slot % 3 !== 0),
    vectors.length,
  );
  for (let i = 0; i < 30; i += 1) {
    const request = { query: vectors[i * 17] as Float32Array, rows: vectors.length, allowed };
    const scanned = scanner.scan(request);
    const all = { ...scanned, scores: scanned.scores.slice() };
    const full = topScores(all.scores, 10);
    const found = prefilteredScan(scanner, bitScanner(bits), { ...request, count: 4000, limit: 10 });
    const best = topScores(found.scores, 10);
    assert.ok(found.slots!.every((slot, place) => slot % 3 !== 0 && found.scores[place] === all.scores[slot]));
    assert.equal(found.moments.count, 4000);
    assert.ok(Math.abs(found.moments.mean - all.moments.mean) < 1e-3);
    assert.ok(Math.abs(found.moments.deviation / all.moments.deviation - 1) < 0.01);
    watch.record(full, best);
  }
  assert.ok(watch.recall > 0.98 && watch.isTrusted, `${watch.recall}`);
});

test("takes the same bits from codes as from vectors, nearly", () => {
  const vectors = clusteredVectors(200, 96);
  const codes = createCodeTable({ dimensions: 96, maximumRows: 1000 });
  const direct = createBitTable(meanVector(96, vectors), 1000);
  for (const [slot, vector] of vectors.entries()) {
    codes.set(slot, vector);
    direct.set(slot, vector);
  }
  const derived = bitsOfCodes(codes, vectors.length, 1000).rows.bytes(vectors.length);
  const different = direct.rows
    .bytes(vectors.length)
    .reduce((sum, byte, at) => sum + onesIn(byte ^ (derived[at] as number)), 0);
  assert.ok(different < 0.01 * 96 * vectors.length, `${different}`);
});

test("judges a sample of many rows nearly as all of them", () => {
  const vectors = clusteredVectors(40_000, 32);
  const codes = createCodeTable({ dimensions: 32, maximumRows: 40_000 });
  for (const [slot, vector] of vectors.entries()) codes.set(slot, vector);
  const scanner = codeScanner(codes);
  const bits = bitScanner(bitsOfCodes(codes, vectors.length, 40_000));
  const allowed = bitmapOf(vectors.keys(), vectors.length);
  for (const query of vectors.slice(0, 10)) {
    const request = { query, rows: vectors.length, allowed };
    const all = scanner.scan(request).moments;
    const { moments } = prefilteredScan(scanner, bits, { ...request, count: vectors.length, limit: 10 });
    assert.ok(Math.abs(moments.deviation / all.deviation - 1) < 0.05, `${moments.deviation} ${all.deviation}`);
  }
});

test("is worth it where many rows are allowed for each that is wanted", () => {
  const request = { query: new Float32Array(1), rows: 100_000, allowed: new Uint8Array(0), limit: 50 };
  assert.ok(isWorthFiltering({ ...request, count: 100_000 }));
  assert.ok(!isWorthFiltering({ ...request, count: 1000 }));
  assert.ok(!isWorthFiltering({ ...request, count: 100_000, limit: 1000 }));
});

test("is no longer trusted when it misses too much", () => {
  const watch = recallWatch();
  const full = { slots: Uint32Array.of(1, 2), scores: Float32Array.of(0.9, 0.8) };
  for (let i = 0; i < 9; i += 1) watch.record(full, { slots: Uint32Array.of(1), scores: Float32Array.of(0.9) });
  assert.ok(watch.isTrusted);
  watch.record(full, full);
  assert.ok(!watch.isTrusted && Math.abs(watch.recall - 0.55) < 1e-9);
  for (let i = 0; i < 50; i += 1) watch.record(full, full);
  assert.ok(watch.isTrusted);
});

test("another slot with the same score is as good", () => {
  const full = { slots: Uint32Array.of(1, 2), scores: Float32Array.of(0.9, 0.8) };
  assert.equal(recallOf(full, { slots: Uint32Array.of(1, 3), scores: Float32Array.of(0.9, 0.8) }), 1);
});
