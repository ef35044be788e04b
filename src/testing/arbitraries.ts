import fc from "fast-check";
import type { Filter, FilterScalar, Position, Shape } from "../filter/filter.ts";
import type { GeoPoint, Metadata, MetadataScalar, MetadataValue } from "../records.ts";
import type { Scope } from "../scope.ts";

/**
 * Random data for property tests. Values come from small pools, so that filters meet what they look for, and the pools
 * hold what engines stumble over: instants in several zones, text that only looks like a date, characters whose order
 * differs between UTF-16 and UTF-8, the antimeridian and the poles, nulls, mixed lists, and paths that end early.
 */

const words = ["", "red", "Red", "blue", "näh", "ﬀ", "𐍈", "a.b", "100%", "10", "true", "null"];
const instants = [
  "2026-01-01",
  "2026-01-01T00:00:00Z",
  "2026-01-01T01:00:00+01:00",
  "2025-12-31T19:30:00-0430",
  "2026-01-01T00:00:00.001Z",
  "2026-01-01 00:00:01",
  "2025-12-31T23:59:59.999999Z",
  "2026-02-30",
  "2026-01-01T24:00:00Z",
  "2026",
];
const numbers = [-1e12, -1, -0.5, 0, 0.1, 1, 2, 10, 2026, 1e12];

export const scalar = (): fc.Arbitrary<MetadataScalar> =>
  fc.oneof(
    fc.constantFrom(...words),
    fc.constantFrom(...instants),
    fc.constantFrom(...numbers),
    fc.boolean(),
    fc.constant(null),
  );

export const position = (): fc.Arbitrary<Position> =>
  fc.oneof(
    fc.record({
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    }),
    fc.record({
      longitude: fc.constantFrom(-180, 180, 179.9, -179.9, 0),
      latitude: fc.constantFrom(-90, 90, 89.9, -89.9, 0.05, 60),
    }),
  );

export const geoPoint = (): fc.Arbitrary<GeoPoint> =>
  position().map(({ longitude, latitude }) => ({ type: "Point", coordinates: [longitude, latitude] }));

/** Fields that random metadata may have and random filters ask for; some are never there. */
export const filterFields = [
  "metadata.color",
  "metadata.when",
  "metadata.amount",
  "metadata.tags",
  "metadata.place",
  "metadata.owner",
  "metadata.owner.name",
  "metadata.owner.home.city",
  "metadata.x-1",
  "metadata.absent",
  "metadata.color.absent",
  "document_id",
] as const;

export const metadata = (): fc.Arbitrary<Metadata> => {
  const value: fc.Arbitrary<MetadataValue> = fc.oneof(
    { weight: 4, arbitrary: scalar() },
    { weight: 2, arbitrary: fc.array(scalar(), { maxLength: 3 }) },
    { weight: 1, arbitrary: geoPoint() },
  );
  return fc.record(
    {
      color: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, value),
      when: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...instants) }, value),
      amount: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...numbers) }, value),
      tags: fc.oneof({ weight: 3, arbitrary: fc.array(scalar(), { maxLength: 4 }) }, value),
      place: fc.oneof({ weight: 4, arbitrary: geoPoint() }, value),
      owner: fc.oneof(
        value,
        fc.record(
          { name: value, home: fc.oneof(value, fc.record({ city: value }, { requiredKeys: [] })) },
          { requiredKeys: [] },
        ),
      ),
      "x-1": value,
    },
    { requiredKeys: [] },
  );
};

/** Longitudes of an edge differ by less than 180 degrees, as the parser demands. */
const polygon = (): fc.Arbitrary<Shape> =>
  fc
    .record({
      west: fc.integer({ min: -179, max: 60 }),
      south: fc.integer({ min: -89, max: 40 }),
      width: fc.integer({ min: 1, max: 119 }),
      height: fc.integer({ min: 1, max: 49 }),
      lean: fc.integer({ min: 0, max: 20 }),
      hasHole: fc.boolean(),
    })
    .map(({ west, south, width, height, lean, hasHole }) => {
      const at = (x: number, y: number): Position => ({ longitude: west + width * x, latitude: south + height * y });
      const leaning = { ...at(0.5, 1), longitude: west + width / 2 - lean / 40 };
      const outer = [at(0, 0), at(1, 0), at(1, 1), leaning, at(0, 0.9), at(0, 0)];
      const hole = [at(0.3, 0.3), at(0.6, 0.3), at(0.6, 0.6), at(0.3, 0.3)];
      return { kind: "polygon", rings: hasHole ? [outer, hole] : [outer] };
    });

export const shape = (): fc.Arbitrary<Shape> =>
  fc.oneof(
    fc.record({ kind: fc.constant("circle" as const), center: position(), meters: meters() }),
    fc.record({ a: position(), b: position() }).map(({ a, b }): Shape => ({
      kind: "box",
      west: a.longitude,
      east: b.longitude,
      south: Math.min(a.latitude, b.latitude),
      north: Math.max(a.latitude, b.latitude),
    })),
    polygon(),
  );

const meters = (): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(0, 1, 20_000, 500_000, 5_000_000, 25_000_000), fc.double({ min: 0, max: 2e7, noNaN: true }));

const condition = (documentIds: readonly string[]): fc.Arbitrary<Filter> => {
  const field = fc.constantFrom(...filterFields);
  const value: fc.Arbitrary<FilterScalar> = fc.oneof(
    { weight: 6, arbitrary: scalar() },
    { weight: 1, arbitrary: fc.constantFrom(...documentIds) },
  );
  const ordered = fc.constantFrom(...words, ...instants, ...numbers);
  const place = fc.oneof({ weight: 4, arbitrary: fc.constant("metadata.place") }, field);
  return fc.oneof(
    fc.record({ op: fc.constantFrom("eq" as const, "ne" as const), field, value }),
    fc.record({
      op: fc.constantFrom("in" as const, "nin" as const),
      field,
      values: fc.array(value, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      op: fc.constantFrom("gt" as const, "gte" as const, "lt" as const, "lte" as const),
      field,
      value: ordered,
    }),
    fc.record({ op: fc.constant("exists" as const), field, exists: fc.boolean() }),
    fc.record({ op: fc.constant("geoWithin" as const), field: place, shape: shape() }),
    fc.record({
      op: fc.constant("near" as const),
      field: place,
      center: position(),
      minMeters: fc.constantFrom(0, 0, 1000, 1_000_000),
      maxMeters: meters(),
    }),
  );
};

/**
 * Filters of every operator, nested to the given depth.
 *
 * @param documentIds ids that a condition on `document_id` may name.
 */
export const filter = (documentIds: readonly string[] = ["a"], depth = 4): fc.Arbitrary<Filter> =>
  fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: depth, withCrossShrink: true },
      { weight: 3, arbitrary: condition(documentIds) },
      {
        weight: 1,
        arbitrary: fc.record({
          op: fc.constantFrom("and" as const, "or" as const),
          filters: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ op: fc.constant("not" as const), filter: tie("filter") }) },
    ),
  })).filter;

const principals = ["ann", "bob", "team:x"];

/** The value of `metadata.access`; undefined: no list. */
export const access = (): fc.Arbitrary<readonly string[] | undefined> =>
  fc.oneof(fc.constant(undefined), fc.subarray(principals));

export const scopeOf = (tenant: string): fc.Arbitrary<Scope> =>
  fc.oneof(fc.constant("all" as const), fc.subarray([...principals, "nobody"])).map((who) => ({
    tenant,
    principals: who,
  }));

const vocabulary = [
  "kafka",
  "broker",
  "topic",
  "lag",
  "consumer",
  "the",
  "red",
  "green",
  "blue",
  "zürich",
  "日本",
  "10",
];

/** A few words that repeat, so that every query finds something. */
export const sentence = (maxLength = 8): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength }).map((list) => list.join(" "));

/** What a test needs to build a whole version of a document. */
export interface DocumentExample {
  readonly title: string;
  readonly headings: readonly string[];
  readonly parts: readonly string[];
  readonly metadata: Metadata;
}

export const documentExample = (): fc.Arbitrary<DocumentExample> =>
  fc.record({
    title: fc.oneof(fc.constant(""), sentence(3)),
    headings: fc.array(sentence(3), { maxLength: 2 }),
    parts: fc.array(sentence(), { minLength: 1, maxLength: 4 }),
    metadata: fc
      .record({ metadata: metadata(), access: access() })
      .map(({ metadata: own, access: list }) => (list === undefined ? own : { ...own, access: list })),
  });
