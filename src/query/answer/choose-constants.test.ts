import assert from "node:assert/strict";
import { test } from "node:test";
import { isHybridRAGError } from "../../errors.ts";
import { constantsFor, familyOf, parseConstants } from "./choose-constants.ts";
import { bundledConstants } from "./constants.ts";

const voyage = { ...bundledConstants, embedder: "voyage/voyage-4@1024" };
const miniLm = "local:all-MiniLM-L6-v2:6638f625a0a6:384:mean:256:::int8";

test("the bundled constants serve the bundled embedder in every number type, and lexical indexes", () => {
  assert.equal(constantsFor(miniLm, null), bundledConstants);
  assert.equal(constantsFor(miniLm.replace("int8", "fp32"), null), bundledConstants);
  assert.equal(constantsFor(null, null), bundledConstants);
});

test("constants fitted to another embedder are taken for it alone", () => {
  assert.equal(constantsFor("voyage/voyage-4@1024", voyage), voyage);
  assert.equal(constantsFor(miniLm, voyage), bundledConstants);
});

test("cosines of an embedder that nothing was fitted to do not decide", () => {
  const { abstention, embedder } = constantsFor("voyage/voyage-4@1024", null);
  assert.deepEqual([abstention.weights.topCosine, embedder], [0, "voyage/voyage-4@1024"]);
  assert.equal(constantsFor("local:all-MiniLM-L6-v2-mine:abc", null).abstention.weights.topCosine, 0);
});

test("what a fit writes reads back, under the name that finds it again", () => {
  const written = JSON.stringify({ ...bundledConstants, embedder: familyOf(miniLm) });
  assert.deepEqual(constantsFor(miniLm, parseConstants(written, "fitted.json")), bundledConstants);
});

test("a file that holds something else is refused by name", () => {
  for (const text of ["", "{}", '{"embedder": "x", "abstention": 3}'])
    assert.throws(
      () => parseConstants(text, "fitted.json"),
      (error) => isHybridRAGError(error) && error.code === "invalid_config" && error.message.includes("fitted.json"),
    );
});
