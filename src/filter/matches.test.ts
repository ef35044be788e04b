import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Metadata } from "../records.ts";
import type { Filter } from "./filter.ts";
import { boundingRectangles, distanceMeters, isWithin } from "./geo.ts";
import { instantOf } from "./instant.ts";
import { compareText, matches } from "./matches.ts";

const holds = (filter: Filter, metadata: Metadata): boolean => matches(filter, { document_id: "d", metadata });
const field = "metadata.x";

test("a missing field equals null, differs from everything else, and does not exist", () => {
  assert.ok(holds({ op: "eq", field, value: null }, {}));
  assert.ok(holds({ op: "eq", field, value: null }, { x: null }));
  assert.ok(holds({ op: "ne", field, value: 5 }, {}));
  assert.ok(holds({ op: "nin", field, values: [5] }, {}));
  assert.ok(!holds({ op: "exists", field, exists: true }, {}));
  assert.ok(holds({ op: "exists", field, exists: true }, { x: null }));
  assert.ok(!holds({ op: "lt", field, value: 5 }, { x: null }));
});

test("a list matches by any of its elements, and ne is the complement of that", () => {
  assert.ok(holds({ op: "eq", field, value: "b" }, { x: ["a", "b"] }));
  assert.ok(!holds({ op: "ne", field, value: "b" }, { x: ["a", "b"] }));
  assert.ok(holds({ op: "gt", field, value: 3 }, { x: [1, 9] }));
});

test("an ordering compares only values of one type", () => {
  assert.ok(!holds({ op: "gt", field, value: 1 }, { x: "2" }));
  assert.ok(!holds({ op: "lte", field, value: "9" }, { x: 1 }));
  assert.ok(!holds({ op: "eq", field, value: 1 }, { x: true }));
});

test("instants are compared as instants, whatever their zone and precision", () => {
  assert.ok(holds({ op: "eq", field, value: "2026-01-01" }, { x: "2026-01-01T00:00:00.000Z" }));
  assert.ok(holds({ op: "lt", field, value: "2026-01-01T00:30:00+01:00" }, { x: "2025-12-31T23:29:00Z" }));
  assert.ok(holds({ op: "gte", field, value: "2018-02-03T00:00:00Z" }, { x: "2018-02-03T00:00:00.001Z" }));
  assert.equal(instantOf("2026-02-30"), null);
  assert.equal(instantOf("2026-01-01T25:00"), null);
  assert.equal(instantOf("1:56 pm on 8 May, 2023"), null);
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") }), (date) => {
      assert.equal(instantOf(date.toISOString()), date.getTime());
    }),
  );
});

test("text is ordered by code point, as UTF-8 bytes are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
      assert.equal(Math.sign(compareText(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }),
  );
  assert.ok(compareText("\u{10000}", "\uffff") > 0);
});

test("a box crosses the antimeridian when its west lies east of its east", () => {
  const shape = { kind: "box", west: 165, south: -60, east: -165, north: 65 } as const;
  assert.ok(isWithin({ longitude: 179, latitude: 0 }, shape) && isWithin({ longitude: -179, latitude: 0 }, shape));
  assert.ok(!isWithin({ longitude: 0, latitude: 0 }, shape));
});

test("distances are great-circle distances", () => {
  const quarter = distanceMeters({ longitude: 0, latitude: 0 }, { longitude: 90, latitude: 0 });
  assert.ok(Math.abs(quarter - (Math.PI / 2) * 6_371_008.8) < 1e-3);
  assert.ok(distanceMeters({ longitude: 179.9, latitude: 0 }, { longitude: -179.9, latitude: 0 }) < 22_300);
});

test("a polygon's hole is outside", () => {
  const ring = (r: number) => [
    { longitude: -r, latitude: -r },
    { longitude: r, latitude: -r },
    { longitude: r, latitude: r },
    { longitude: -r, latitude: r },
    { longitude: -r, latitude: -r },
  ];
  const shape = { kind: "polygon", rings: [ring(10), ring(2)] } as const;
  assert.ok(isWithin({ longitude: 5, latitude: 5 }, shape));
  assert.ok(!isWithin({ longitude: 1, latitude: 1 }, shape));
  assert.ok(!isWithin({ longitude: 11, latitude: 1 }, shape));
});

test("the bounding rectangles of a circle hold every point of it", () => {
  const position = fc.record({
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  });
  const meters = fc.oneof(fc.double({ min: 0, max: 2e7, noNaN: true }), fc.double({ min: 0, max: 1e5, noNaN: true }));
  fc.assert(
    fc.property(position, position, meters, (center, point, radius) => {
      const shape = { kind: "circle", center, meters: radius } as const;
      if (!isWithin(point, shape)) return;
      const { longitude, latitude } = point;
      assert.ok(
        boundingRectangles(shape).some(
          (r) => longitude >= r.west && longitude <= r.east && latitude >= r.south && latitude <= r.north,
        ),
      );
    }),
    { numRuns: 3000 },
  );
});
