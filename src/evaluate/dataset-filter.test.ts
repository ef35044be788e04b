import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { matches } from "../filter/matches.ts";
import { parseDatasetFilter } from "./dataset-filter.ts";
import { readDataset } from "./read-dataset.ts";

test("reads conditions, combinations and shapes", () => {
  assert.deepEqual(parseDatasetFilter({ a: { gte: 1, lt: 2 }, not: { b: null } }), {
    op: "and",
    filters: [
      {
        op: "and",
        filters: [
          { op: "gte", field: "metadata.a", value: 1 },
          { op: "lt", field: "metadata.a", value: 2 },
        ],
      },
      { op: "not", filter: { op: "eq", field: "metadata.b", value: null } },
    ],
  });
  assert.deepEqual(parseDatasetFilter({ geo_radius: { lat: 1, lon: 2, km: 3 } }), {
    op: "geoWithin",
    field: "metadata.location",
    shape: { kind: "circle", center: { longitude: 2, latitude: 1 }, meters: 3000 },
  });
});

test("an unknown operator is refused, not ignored", () => {
  assert.throws(() => parseDatasetFilter({ a: { above: 1 } }));
  assert.throws(() => parseDatasetFilter({ a: { in: [] } }));
});

test("every filter of the earthquakes admits exactly the expected ids", async (t) => {
  const data = process.env["HYBRIDRAG_JUDGED_DATA"] ?? resolve("..", "shared", "data");
  const folder = join(data, "usgs-earthquakes-filters");
  if (!existsSync(folder)) return t.skip("no judged data; set HYBRIDRAG_JUDGED_DATA to its folder");
  const { documents, filterQueries } = await readDataset(folder);
  assert.equal(filterQueries.length, 14);
  for (const { id, filter, expected } of filterQueries) {
    const admitted = documents.filter((document) => matches(filter, document)).map(({ document_id }) => document_id);
    assert.deepEqual(new Set(admitted), expected, id);
  }
});
