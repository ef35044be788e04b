import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionDifference } from "./definition-difference.ts";
import { searchIndexes, type IndexSettings } from "./indexes.ts";

const between = (before: Partial<IndexSettings>, after: Partial<IndexSettings>): readonly string[] => {
  const of = (settings: Partial<IndexSettings>) => searchIndexes({ dimensions: 8, ...settings });
  return of(before).flatMap(({ definition }, index) => definitionDifference(definition, of(after)[index]!.definition));
};

test("what two definitions have otherwise is said field by field", () => {
  assert.deepEqual(between({}, {}), []);
  const fields = [{ path: "metadata.color", kind: "string" }] as const;
  assert.deepEqual(between({}, { fields }), ["adds metadata.color as filter", "adds metadata.color as token"]);
  assert.deepEqual(between({ fields }, {}), ["removes metadata.color", "removes metadata.color"]);
  assert.deepEqual(between({}, { quantization: "scalar", hnsw: { numEdgeCandidates: 200, maxEdges: 32 } }), [
    'hnswOptions of vector: not set → {"maxEdges":32,"numEdgeCandidates":200}',
    "quantization of vector: not set → scalar",
  ]);
  assert.deepEqual(between({ dimensions: 8 }, { dimensions: 16, storedSource: ["title"] }), [
    "numDimensions of vector: 8 → 16",
    'storedSource: {"include":["content","title","metadata"]} → {"include":["title"]}',
  ]);
});

test("the order of keys is no difference", () => {
  const one = { fields: [{ type: "vector", path: "v", hnswOptions: { maxEdges: 16, numEdgeCandidates: 100 } }] };
  const other = { fields: [{ path: "v", hnswOptions: { numEdgeCandidates: 100, maxEdges: 16 }, type: "vector" }] };
  assert.deepEqual(definitionDifference(one, other), []);
});
