import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { HybridRAGError } from "../../errors.ts";
import { checkSearchDefinition, checkVectorDefinition } from "./check-definition.ts";
import { searchIndexes, textIndex, vectorIndex, type IndexSettings } from "./indexes.ts";

const settings = (): fc.Arbitrary<IndexSettings> =>
  fc.record(
    {
      dimensions: fc.integer({ min: 1, max: 1024 }).map((n) => n * 8),
      similarity: fc.constantFrom("cosine" as const, "dotProduct" as const),
      quantization: fc.constantFrom("none" as const, "scalar" as const, "binary" as const),
      hnsw: fc.record({
        maxEdges: fc.integer({ min: 16, max: 64 }),
        numEdgeCandidates: fc.integer({ min: 100, max: 3200 }),
      }),
      indexingMethod: fc.constantFrom("hnsw" as const, "flat" as const),
      fields: fc
        .array(
          fc.record({
            path: fc.stringMatching(/^metadata(\.[a-z]{1,5}){1,3}$/),
            kind: fc.constantFrom("string" as const, "number" as const, "date" as const, "boolean" as const),
          }),
          { maxLength: 4 },
        )
        .map((fields) =>
          [...new Map(fields.map((field) => [field.path, field])).values()].filter(
            (field, _index, all) => !all.some((other) => other !== field && other.path.startsWith(`${field.path}.`)),
          ),
        ),
      lexicalPrefilter: fc.boolean(),
    },
    { requiredKeys: ["dimensions"] },
  );

const refused = (path: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HybridRAGError);
  assert.equal(error.code, "invalid_config");
  assert.match(String(error.details["path"]), path);
  return true;
};

describe("search index definitions", () => {
  test("whatever the settings, the definitions keep mongot's rules", () => {
    fc.assert(
      fc.property(settings(), (made) => {
        for (const spec of searchIndexes(made)) {
          if (spec.type === "search") checkSearchDefinition(spec.definition);
          else checkVectorDefinition(spec.definition);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("both hold the tenant, the access list and the guide's filter fields", () => {
    const vector = JSON.stringify(vectorIndex({ dimensions: 1024 }).definition);
    for (const path of ["metadata.tenant_id", "readers", "metadata.source", "metadata.category", "metadata.timestamp"])
      assert.ok(vector.includes(`{"type":"filter","path":"${path}"}`), path);
    const { mappings } = textIndex({ dimensions: 1024 }).definition as never as {
      mappings: { fields: { metadata: { type: string; fields: Record<string, { type: string }> } } };
    };
    assert.equal(mappings.fields.metadata.type, "document");
    const types = Object.fromEntries(Object.entries(mappings.fields.metadata.fields).map(([k, v]) => [k, v.type]));
    assert.deepEqual(types, {
      tenant_id: "token",
      location: "geo",
      source: "token",
      category: "token",
      timestamp: "date",
    });
  });

  const search = (fields: object) => ({ mappings: { dynamic: false, fields } });
  const wrong: readonly (readonly [string, object, RegExp])[] = [
    ["termVector", search({ content: { type: "string", indexOptions: { termVector: {} } } }), /indexOptions/],
    ["a dotted key", search({ "metadata.tenant_id": { type: "token" } }), /metadata\.tenant_id/],
    ["an unknown type", search({ a: { type: "text" } }), /a\.type/],
    ["an unknown option", search({ a: { type: "token", analyzer: "x" } }), /a\.analyzer/],
    ["nothing to index", { mappings: { dynamic: false } }, /mappings/],
    ["name beside the mappings", { name: "default", ...search({ a: { type: "token" } }) }, /name/],
    [
      "a stored vector",
      { ...search({ vector: { type: "vector", numDimensions: 8, similarity: "cosine" } }), storedSource: true },
      /storedSource/,
    ],
  ];
  for (const [name, definition, path] of wrong) {
    test(`refuses ${name} in a search index`, () => {
      assert.throws(() => checkSearchDefinition(definition), refused(path));
    });
  }

  const vector = { type: "vector", path: "vector", numDimensions: 1024, similarity: "cosine" };
  const wrongVectors: readonly (readonly [string, object, RegExp])[] = [
    ["no vector", { fields: [{ type: "filter", path: "a" }] }, /fields/],
    ["too many dimensions", { fields: [{ ...vector, numDimensions: 8193 }] }, /numDimensions/],
    ["a similarity that is none", { fields: [{ ...vector, similarity: "cos" }] }, /similarity/],
    ["binary of odd dimensions", { fields: [{ ...vector, numDimensions: 1001, quantization: "binary" }] }, /numDim/],
    ["few edges", { fields: [{ ...vector, hnswOptions: { maxEdges: 8, numEdgeCandidates: 100 } }] }, /maxEdges/],
    ["one path twice", { fields: [vector, { type: "filter", path: "vector" }] }, /fields/],
    ["mappings", { fields: [vector], mappings: {} }, /mappings/],
  ];
  for (const [name, definition, path] of wrongVectors) {
    test(`refuses ${name} in a vector index`, () => {
      assert.throws(() => checkVectorDefinition(definition), refused(path));
    });
  }
});
