import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Filter } from "../../filter/filter.ts";
import { checkSearchDefinition, checkVectorDefinition } from "./check-definition.ts";
import { shapeOf, type Body } from "./check-pipeline.ts";
import type { FilterField } from "./filter-fields.ts";
import { fieldsOf, searchIndexes, type IndexSettings } from "./indexes.ts";
import { nativeFilter } from "./native-filter.ts";
import { checkRankFusion, rankFusionStage } from "./rank-fusion.ts";
import { checkScoreFusion, scoreFusionStage } from "./score-fusion.ts";
import { checkTextSearch, nearWordsStage, textSearchStage } from "./text-search.ts";
import { checkVectorSearch, vectorSearchStage } from "./vector-search.ts";

/** Ten thousand with HYBRIDRAG_FULL=1, else enough to see a rule that is broken. */
const runs = process.env["HYBRIDRAG_FULL"] === "1" ? 10_000 : 400;

const kinds = ["string", "number", "date", "boolean"] as const;

const fields = (): fc.Arbitrary<readonly FilterField[]> =>
  fc
    .uniqueArray(
      fc.record({
        path: fc.stringMatching(/^metadata(\.[a-z]{1,5}){1,3}$/),
        kind: fc.constantFrom(...kinds),
      }),
      { maxLength: 4, selector: ({ path }) => path },
    )
    .map((made) => made.filter(({ path }) => !made.some((other) => other.path.startsWith(`${path}.`))));

const settings = (): fc.Arbitrary<IndexSettings> =>
  fc.record(
    {
      dimensions: fc.integer({ min: 0, max: 1024 }).map((n) => n * 8),
      generation: fc.nat(5),
      similarity: fc.constantFrom("cosine" as const, "dotProduct" as const),
      quantization: fc.constantFrom("none" as const, "scalar" as const, "binary" as const),
      hnsw: fc.record({
        maxEdges: fc.integer({ min: 16, max: 64 }),
        numEdgeCandidates: fc.integer({ min: 100, max: 3200 }),
      }),
      indexingMethod: fc.constantFrom("hnsw" as const, "flat" as const),
      analyzer: fc.constantFrom("lucene.standard", "lucene.english", "lucene.cjk"),
      fields: fields(),
      lexicalPrefilter: fc.boolean(),
      storedSource: fc.uniqueArray(fc.constantFrom("content", "title", "metadata", "source"), { minLength: 1 }),
    },
    { requiredKeys: ["dimensions"] },
  );

const valueOf = ({ kind }: FilterField): fc.Arbitrary<string | number | boolean> => {
  if (kind === "number") return fc.double({ noNaN: true, noDefaultInfinity: true });
  if (kind === "boolean") return fc.boolean();
  if (kind === "date") return fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString());
  return fc.string({ maxLength: 12 });
};

/** Filters over the fields that the settings declare; those that the indexes cannot say are among them. */
function filterOver(known: readonly FilterField[]): fc.Arbitrary<Filter> {
  const leaf = fc.constantFrom(...known, { path: "document_id", kind: "string" } as const).chain((field) =>
    fc.oneof(
      valueOf(field).map((value): Filter => ({ op: "eq", field: field.path, value })),
      valueOf(field).map((value): Filter => ({ op: "ne", field: field.path, value })),
      fc
        .array(valueOf(field), { minLength: 1, maxLength: 4 })
        .map((values): Filter => ({ op: "in", field: field.path, values })),
      fc
        .tuple(fc.constantFrom("gt" as const, "gte" as const, "lt" as const, "lte" as const), valueOf(field))
        .map(([op, value]): Filter =>
          typeof value === "boolean"
            ? { op: "exists", field: field.path, exists: value }
            : { op, field: field.path, value },
        ),
    ),
  );
  const several = (part: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> =>
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(part, { minLength: 1, maxLength: 3 }))
      .map(([op, filters]) => ({ op, filters }));
  return fc.oneof(leaf, several(leaf), several(several(leaf)));
}

const world = settings().chain((made) =>
  fc.record({
    settings: fc.constant(made),
    filter: filterOver(fieldsOf(made)),
    principals: fc.option(fc.array(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 })),
    limit: fc.integer({ min: 1, max: 3000 }),
    allowed: fc.option(fc.nat(50_000)),
    terms: fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 120 }),
    required: fc.array(fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
    weights: fc.tuple(fc.double({ min: 0, max: 9, noNaN: true }), fc.double({ min: 0, max: 9, noNaN: true })),
  }),
);

test("every definition and pipeline that random settings and filters make passes the validator", () => {
  let native = 0;
  let fused = 0;
  fc.assert(
    fc.property(world, ({ settings: made, filter, principals, limit, allowed, terms, required, weights }) => {
      const specs = searchIndexes(made);
      for (const { type, definition } of specs) {
        if (type === "search") checkSearchDefinition(definition);
        else checkVectorDefinition(definition);
      }
      const said = nativeFilter(filter, fieldsOf(made));
      if (said !== null) native += 1;
      const readers = principals === null ? null : ["*", ...principals];
      const text = shapeOf(specs.at(-1)!);
      const inText = [
        { equals: { path: "metadata.tenant_id", value: "t" } },
        { equals: { path: "live", value: true } },
        ...(readers === null ? [] : [{ in: { path: "readers", value: readers } }]),
        said === null ? { in: { path: "_id", value: ["a", "b"] } } : said.search,
      ];
      const words = textSearchStage({ terms, filter: inText, required: required.slice(0, 1) }, text);
      checkTextSearch(words["$search"] as Body, text);
      checkTextSearch(nearWordsStage(terms[0]!, inText.slice(0, 2), text)["$search"] as Body, text);
      if (specs.length === 1) return;

      const shape = shapeOf(specs[0]!);
      const inVector = [
        { "metadata.tenant_id": "t" },
        { live: true },
        ...(readers === null ? [] : [{ readers: { $in: readers } }]),
        said === null ? { _id: { $in: ["a", "b"] } } : said.vector,
      ];
      const vector = new Float32Array(made.dimensions).fill(1);
      const nearest = vectorSearchStage({ vector, limit, filter: { $and: inVector }, allowed }, shape);
      checkVectorSearch(nearest["$vectorSearch"] as Body, shape);
      const inputs = [
        { name: "vector", weight: weights[0], pipeline: [nearest, { $limit: limit }] },
        { name: "text", weight: weights[1], pipeline: [words, { $limit: limit }] },
      ];
      checkRankFusion(rankFusionStage(inputs, true)["$rankFusion"] as Body);
      checkScoreFusion(scoreFusionStage(inputs, "minMaxScaler", true)["$scoreFusion"] as Body);
      fused += 1;
    }),
    { numRuns: runs },
  );
  assert.ok(native > runs / 5, `only ${native} filters were said natively`);
  assert.ok(fused > runs / 2, `only ${fused} had vectors`);
});
