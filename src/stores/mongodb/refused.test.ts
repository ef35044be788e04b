import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HybridRAGError } from "../../errors.ts";
import { checkSearchDefinition, checkSupportingIndex, checkVectorDefinition } from "./check-definition.ts";
import { shapeOf, type Body } from "./check-pipeline.ts";
import { connectClient } from "./connect.ts";
import { stagesOf } from "./diagnose.ts";
import { isOdd } from "./filter-fields.ts";
import { checkGraphLookup } from "./graph-lookup.ts";
import { fieldsOf, supportingIndexes, textIndex, vectorIndex } from "./indexes.ts";
import { nativeFilter } from "./native-filter.ts";
import { checkRankFusion } from "./rank-fusion.ts";
import { checkRole, roleFor } from "./roles.ts";
import { checkScoreFusion } from "./score-fusion.ts";
import { sizingOf } from "./sizing.ts";
import { checkTextSearch } from "./text-search.ts";
import { checkVectorSearch, vectorSearchStage } from "./vector-search.ts";

const vectorShape = shapeOf(vectorIndex({ dimensions: 2 }));
const textShape = shapeOf(textIndex({ dimensions: 2 }));

const search = (fields: object, more: object = {}) =>
  checkSearchDefinition({ mappings: { dynamic: false, fields }, ...more });
const vector = { type: "vector", path: "vector", numDimensions: 8, similarity: "cosine" };
const vectors = (field: object, more: object = {}) =>
  checkVectorDefinition({ fields: [{ ...vector, ...field }], ...more });
const nearest = { index: "vector_knn_index", path: "vector", queryVector: [1, 0], numCandidates: 200, limit: 10 };
const near = (more: Body) => checkVectorSearch({ ...nearest, ...more }, vectorShape);
const words = { text: { query: "walrus", path: "content" } };
const text = (body: Body) => checkTextSearch(body, textShape);
const tenant = { equals: { path: "metadata.tenant_id", value: "t" } };
const scoped = [{ $search: { compound: { must: [words], filter: [tenant] } } }, { $limit: 5 }];
const fused = (pipelines: Body, more: Body = {}) => checkRankFusion({ input: { pipelines }, ...more });

/** An error of the guide, or a silence of the server, and what puts it in by hand. */
type Fault = readonly [source: string, what: string, put: () => void];

/** `spec` names the row of the corrected guide, `silence` the paragraph of the facts about MongoDB. */
const faults: readonly Fault[] = [
  [
    "spec 1",
    "termVector",
    () => search({ a: { type: "string", indexOptions: { termVector: { storePositions: true } } } }),
  ],
  ["2.2", "an analyzer that nobody has", () => search({ a: { type: "string", analyzer: "lucene.foo" } })],
  ["spec 2", "dotted keys in mappings", () => search({ "metadata.tenant_id": { type: "token" } })],
  ["spec 3", "$vectorSearch over the index `default`", () => near({ index: "default" })],
  ["spec 3", "$search over the vector index", () => text({ index: "vector_knn_index", ...words })],
  ["spec 5", "fewer candidates than hits", () => near({ numCandidates: 9 })],
  ["spec 5", "more candidates than the server takes", () => near({ numCandidates: 10_001 })],
  ["spec 7", "a rank constant for the server", () => fused({ a: scoped }, { combination: { rank_constant: 60 } })],
  [
    "spec 11",
    "the action aggregate",
    () =>
      checkRole({
        roleName: "r",
        privileges: [{ resource: { db: "d", collection: "text_chunks" }, actions: ["find", "aggregate"] }],
      }),
  ],
  [
    "spec 11",
    "the action delete",
    () =>
      checkRole({
        roleName: "r",
        privileges: [{ resource: { db: "d", collection: "agent_memory" }, actions: ["delete"] }],
      }),
  ],
  [
    "spec 12",
    "a unique session_id",
    () =>
      checkSupportingIndex({ collection: "conversation_sessions", key: { session_id: 1 }, options: { unique: true } }),
  ],
  [
    "spec 12",
    "a unique normalized_name",
    () => checkSupportingIndex({ collection: "entities", key: { normalized_name: 1 }, options: { unique: true } }),
  ],

  ["silence 1.1 index", "a wrong index in $vectorSearch", () => near({ index: "vector_index" })],
  ["silence 1.1 path", "a path that holds no vector", () => near({ path: "embedding" })],
  ["silence 1.1 filter", "a filter path that is not indexed", () => near({ filter: { "metadata.other": 1 } })],
  [
    "silence 1.1 filter",
    "an operator that filters do not have",
    () => near({ filter: { document_id: { $regex: "x" } } }),
  ],
  ["silence 1.1 filter", "an empty list", () => near({ filter: { document_id: { $in: [] } } })],
  ["silence 1.1 filter", "a list of two types", () => near({ filter: { document_id: { $in: ["a", 1] } } })],
  ["silence 1.1 filter", "an empty $or", () => near({ filter: { $or: [] } })],
  ["silence 1.1 zero", "a vector of zeros", () => near({ queryVector: [0, 0] })],
  ["silence 1.1 dimensions", "a vector of other dimensions", () => near({ queryVector: [1, 0, 0] })],
  ["silence 1.2 index", "a wrong index in $search", () => text({ index: "search", ...words })],
  ["silence 1.2 path", "text: a path that is not mapped", () => text({ text: { query: "x", path: "body" } })],
  ["silence 1.2 path", "phrase: a path that is not mapped", () => text({ phrase: { query: "x", path: "body" } })],
  [
    "silence 1.2 path",
    "equals: a path that is not mapped",
    () => text({ equals: { path: "metadata.other", value: "x" } }),
  ],
  ["silence 1.2 path", "in: a path that is not mapped", () => text({ in: { path: "metadata.other", value: ["x"] } })],
  ["silence 1.2 path", "range: a path that is not mapped", () => text({ range: { path: "metadata.other", gt: 1 } })],
  [
    "silence 1.2 path",
    "near: a path that is not mapped",
    () => text({ near: { path: "metadata.other", origin: 1, pivot: 1 } }),
  ],
  ["silence 1.2 path", "exists: a path that is not mapped", () => text({ exists: { path: "metadata.other" } })],
  [
    "silence 1.2 path",
    "geoWithin: a path that is not mapped",
    () => text({ geoWithin: { path: "metadata.place", circle: {} } }),
  ],
  [
    "silence 1.2 path",
    "inside a compound",
    () => text({ compound: { filter: [{ equals: { path: "metadata.other", value: "x" } }] } }),
  ],
  ["silence 1.2 path", "the parent of mapped paths", () => text({ equals: { path: "metadata", value: "x" } })],
  ["silence 1.2 type", "text on a token", () => text({ text: { query: "x", path: "metadata.category" } })],
  ["silence 1.2 type", "equals on analysed text", () => text({ equals: { path: "content", value: "x" } })],
  [
    "silence 1.2 type",
    "a text compared with a date",
    () => text({ equals: { path: "metadata.timestamp", value: "2026-01-01" } }),
  ],
  ["silence 1.2 type", "a number in a list of tokens", () => text({ in: { path: "metadata.category", value: [1] } })],
  ["silence 1.2 type", "a range of texts on a date", () => text({ range: { path: "metadata.timestamp", gt: "2026" } })],
  [
    "silence 1.2 type",
    "a shape on what is no place",
    () => text({ geoWithin: { path: "metadata.category", box: {} } }),
  ],
  ["silence 1.2 query", "nothing to search for", () => text({ text: { query: " ", path: "content" } })],
  [
    "silence 1.3 operator",
    "the vector operator on an index without vectors",
    () => text({ vectorSearch: { path: "vector", queryVector: [1, 0], limit: 1, exact: true } }),
  ],
  [
    "silence 1.5 tenant",
    "an input of a fusion without the tenant",
    () => fused({ a: scoped, b: [{ $search: words }, { $limit: 5 }] }),
  ],
  [
    "silence 1.5 tenant",
    "a vector input without the tenant",
    () => fused({ a: scoped, b: [{ $vectorSearch: { ...nearest, filter: { live: true } } }] }),
  ],
  [
    "silence 1.5 tenant",
    "an input where the tenant is one of several",
    () =>
      fused({
        a: [{ $vectorSearch: { ...nearest, filter: { $or: [{ "metadata.tenant_id": "t" }, { live: true }] } } }],
      }),
  ],
  [
    "silence 1.5 unranked",
    "an input without an order",
    () => fused({ a: [{ $match: { "metadata.tenant_id": "t" } }] }),
  ],
  ["silence 1.5 weights", "a weight for no input", () => fused({ a: scoped }, { combination: { weights: { b: 1 } } })],
  [
    "silence 1.6 normalization",
    "a normalization that is none",
    () => checkScoreFusion({ input: { pipelines: { a: scoped }, normalization: "zscore" } }),
  ],
  [
    "silence 1.8 tenant",
    "a walk over the graph without the tenant",
    () => checkGraphLookup({ from: "text_chunks", maxDepth: 1, restrictSearchWithMatch: { live: true } }, "t"),
  ],
  [
    "silence 1.8 option",
    "restrictIndexing",
    () => checkGraphLookup({ from: "text_chunks", restrictIndexing: { tenant_id: "t" } }, "t"),
  ],
  ["silence 2.1 stored", "vectors stored with the source", () => vectors({}, { storedSource: true })],
  [
    "silence 2.1 twice",
    "one path twice",
    () => checkVectorDefinition({ fields: [vector, { type: "filter", path: "vector" }] }),
  ],
  [
    "silence 2.1 binary",
    "bits of dimensions that are no multiple of 8",
    () => vectors({ numDimensions: 9, quantization: "binary" }),
  ],
  ["silence 2.2 empty", "a definition that indexes nothing", () => search({})],
  [
    "silence 2.2 nested",
    "a dotted key inside a document",
    () => search({ a: { type: "document", fields: { "b.c": { type: "token" } } } }),
  ],
  ["silence 2.2 name", "a name inside the definition", () => search({ a: { type: "token" } }, { name: "default" })],
  [
    "silence 2.2 stored",
    "a search index that stores its vector",
    () =>
      search(
        { vector: { type: "vector", numDimensions: 8, similarity: "cosine" } },
        { storedSource: { include: ["vector"] } },
      ),
  ],
  [
    "silence 3.1 stored source",
    "a body as old as the index, in $search",
    () => text({ ...words, returnStoredSource: true }),
  ],
  [
    "silence 3.1 stored source",
    "a body as old as the index, in $vectorSearch",
    () => near({ returnStoredSource: true }),
  ],
  [
    "silence 3.4 TTL",
    "an expiry over two fields",
    () =>
      checkSupportingIndex({
        collection: "caches",
        key: { tenant_id: 1, expires_at: 1 },
        options: { expireAfterSeconds: 0 },
      }),
  ],
  [
    "silence 3.4 TTL",
    "an expiry over _id",
    () => checkSupportingIndex({ collection: "caches", key: { _id: 1 }, options: { expireAfterSeconds: 0 } }),
  ],
];

const long = "x".repeat(8192);

/** What no pipeline and no definition of ours can say, so that there is nothing to refuse; and why that is so. */
const inexpressible: readonly (readonly [source: string, why: string, prove: () => void])[] = [
  [
    "spec 4",
    "quantization follows the size in memory, not the number of documents",
    () => {
      assert.equal(sizingOf(150_000, 256).quantization, "none");
      assert.equal(
        sizingOf(90_000, 8192).quantization === "none",
        sizingOf(90_000, 8192).memoryBytes.none < 3 * 2 ** 30,
      );
      assert.notEqual(sizingOf(1_000_000, 1024).quantization, "none");
    },
  ],
  [
    "spec 5",
    "a search that is not exact looks at 20 candidates a hit, or at 10,000",
    () => {
      for (let limit = 1; limit <= 10_000; limit += 7) {
        const stage = vectorSearchStage(
          { vector: Float32Array.from([1, 0]), limit, filter: {}, allowed: null },
          vectorShape,
        );
        const { numCandidates } = stage["$vectorSearch"] as { readonly numCandidates: number };
        assert.ok(numCandidates === 10_000 || numCandidates >= Math.max(100, 20 * limit));
      }
    },
  ],
  [
    "spec 6",
    "search nodes are called S20 to S140",
    () => {
      for (const count of [1e3, 1e5, 1e6, 1e7]) assert.doesNotMatch(sizingOf(count, 1024).searchNodes, /\bM\d/);
    },
  ],
  [
    "spec 8",
    "a threshold is a cosine: no search stage has a field for it",
    () => {
      assert.throws(() => near({ minScore: 0.3 }), HybridRAGError);
      assert.throws(() => text({ ...words, minScore: 0.3 }), HybridRAGError);
    },
  ],
  [
    "spec 9",
    "no role may call collStats on another way than by its stage, which needs the action of that name",
    () => {
      const actions = roleFor("operator", "d").privileges.flatMap(({ actions: some }) => some);
      assert.ok(actions.includes("collStats"));
    },
  ],
  [
    "spec 10",
    "an explanation is read from the stages: executionStats at the top says nothing",
    () => {
      assert.deepEqual(stagesOf({ executionStats: { totalDocsExamined: 5 } }), []);
    },
  ],
  [
    "spec 11",
    "the role that ingests may insert passages",
    () => {
      const chunks = roleFor("ingest", "d").privileges.find(({ resource }) => resource.collection === "text_chunks");
      assert.ok(chunks?.actions.includes("insert") && chunks.actions.includes("remove"));
    },
  ],
  [
    "spec 12",
    "every unique index that is made begins with the tenant",
    () => {
      supportingIndexes.forEach(checkSupportingIndex);
      assert.ok(supportingIndexes.filter(({ options }) => options.unique).length >= 5);
    },
  ],
  [
    "spec 13",
    "only compressors that load are offered, the one that needs a package of its own never first",
    () => {
      const { compressors = [] } = connectClient("mongodb://cluster.example.org", {}, false).options;
      assert.ok(compressors.includes("zlib"));
      if (compressors[0] === "zstd")
        assert.equal(typeof process.getBuiltinModule("node:zlib").zstdCompress, "function");
    },
  ],
  [
    "silence 2.3 long texts",
    "a text that the index would cut is never compared by the index",
    () => {
      const fields = fieldsOf({});
      assert.equal(nativeFilter({ op: "eq", field: "metadata.category", value: long }, fields), null);
      assert.ok(nativeFilter({ op: "eq", field: "metadata.category", value: long.slice(1) }, fields));
      assert.ok(isOdd({ category: long }, fields) && !isOdd({ category: "short" }, fields));
    },
  ],
];

describe("what the guide had wrong, and what the server would keep silent about, never leaves", () => {
  for (const [source, what, put] of faults) {
    test(`${source}: refuses ${what}`, () => {
      assert.throws(put, (error) => {
        assert.ok(error instanceof HybridRAGError, String(error));
        assert.ok(["invalid_input", "invalid_config"].includes(error.code));
        assert.ok(String(error.details["path"] ?? "").length > 0, "it names the place");
        return true;
      });
    });
  }

  for (const [source, why, prove] of inexpressible) test(`${source}: ${why}`, prove);

  test("every correction from 1 to 13 is among them", () => {
    const named = new Set([...faults, ...inexpressible].map(([source]) => source));
    for (let number = 1; number <= 13; number++) assert.ok(named.has(`spec ${number}`), `spec ${number}`);
  });

  test("the same with nothing wrong in it passes", () => {
    near({ filter: { $and: [{ "metadata.tenant_id": "t" }, { live: true }] } });
    text(words);
    fused({ a: scoped, b: [{ $vectorSearch: { ...nearest, filter: { $and: [{ "metadata.tenant_id": "t" }] } } }] });
    vectors({});
    search({ a: { type: "document", fields: { b: { type: "token" } } } });
  });
});
