import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isHybridRAGError } from "../errors.ts";
import { matches } from "./matches.ts";
import { parseFilter } from "./parse-filter.ts";

const refusedAt = (input: unknown): string => {
  try {
    parseFilter(input);
  } catch (error) {
    assert.ok(isHybridRAGError(error), String(error));
    assert.equal(error.code, "invalid_filter");
    return String(error.details["path"]);
  }
  return assert.fail(`accepted: ${JSON.stringify(input)}`);
};

test("the familiar form becomes plain data", () => {
  assert.equal(parseFilter({}), null);
  assert.equal(parseFilter(undefined), null);
  assert.deepEqual(parseFilter({ "metadata.category": "x" }), { op: "eq", field: "metadata.category", value: "x" });
  assert.deepEqual(
    parseFilter({
      "metadata.timestamp": { $gte: "2026-01-01" },
      $or: [{ document_id: "a" }, { "metadata.n": { $not: { $gt: 5 } } }],
    }),
    {
      op: "and",
      filters: [
        { op: "gte", field: "metadata.timestamp", value: "2026-01-01" },
        {
          op: "or",
          filters: [
            { op: "eq", field: "document_id", value: "a" },
            { op: "not", filter: { op: "gt", field: "metadata.n", value: 5 } },
          ],
        },
      ],
    },
  );
});

test("a fault is refused with a pointer to its place", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ $where: "sleep(1000)" }, "/$where"],
    [{ $or: [{ $where: "1" }] }, "/$or/0/$where"],
    [{ "metadata.category": { $function: { body: "x" } } }, "/metadata.category/$function"],
    [{ $expr: { $eq: [1, 1] } }, "/$expr"],
    [{ "metadata.x": { $regex: "(a+)+$" } }, "/metadata.x/$regex"],
    [[], "/"],
    ["x", "/"],
    [{ "metadata.category": { $in: "x" } }, "/metadata.category/$in"],
    [{ "metadata.category": { $in: [] } }, "/metadata.category/$in"],
    [{ "metadata.category": ["x"] }, "/metadata.category"],
    [{ category: "x" }, "/category"],
    [{ tenant_id: "other" }, "/tenant_id"],
    [{ "metadata.tenant_id": "other" }, "/metadata.tenant_id"],
    [{ "metadata.access": { $exists: false } }, "/metadata.access"],
    [JSON.parse('{"__proto__": {"polluted": true}}'), "/__proto__"],
    [{ "metadata.__proto__.x": 1 }, "/metadata.__proto__.x"],
    [{ "metadata.location": { $near: { lat: 999, lon: 0 } } }, "/metadata.location/$near/lat"],
    [{ "metadata.n": { $gt: Number.NaN } }, "/metadata.n/$gt"],
    [{ "metadata.n": { $gt: null } }, "/metadata.n/$gt"],
    [{ $and: [] }, "/$and"],
    [{ $and: [{}] }, "/$and/0"],
    [
      {
        "metadata.p": {
          $geoWithin: {
            $box: [
              [0, 10],
              [10, 0],
            ],
          },
        },
      },
      "/metadata.p/$geoWithin/$box",
    ],
    [
      {
        "metadata.p": {
          $geoWithin: {
            $geometry: {
              type: "Polygon",
              coordinates: [
                [
                  [0, 0],
                  [1, 1],
                  [1, 0],
                  [5, 5],
                ],
              ],
            },
          },
        },
      },
      "/metadata.p/$geoWithin/$geometry/coordinates/0",
    ],
  ];
  for (const [input, path] of cases) assert.equal(refusedAt(input), path, JSON.stringify(input));
});

test("depth and size are bounded", () => {
  const deep = Array.from({ length: 30 }).reduce<unknown>((inner) => ({ $and: [inner] }), { "metadata.x": 1 });
  assert.match(refusedAt(deep), /^\/\$and/);
  refusedAt({ "metadata.x": { $in: Array.from({ length: 1001 }, (_, i) => i) } });
  refusedAt({ $or: Array.from({ length: 300 }, (_, i) => ({ "metadata.x": i })) });
});

test("no JSON value makes the parser do anything but parse or refuse", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        const filter = parseFilter(value);
        if (filter) matches(filter, { document_id: "a", metadata: {} });
      } catch (error) {
        assert.ok(isHybridRAGError(error) && error.code === "invalid_filter", String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("a tenant or access field is refused at any depth and spelling of nesting", () => {
  const name = fc.constantFrom("tenant_id", "metadata.tenant_id", "metadata.access", "metadata.access.x");
  const wrap = fc.array(fc.constantFrom("$and", "$or", "$nor"), { maxLength: 6 });
  fc.assert(
    fc.property(name, wrap, (field, wrappers) => {
      refusedAt(wrappers.reduce<unknown>((inner, key) => ({ [key]: [inner] }), { [field]: "x" }));
    }),
  );
});
