import assert from "node:assert/strict";
import { test } from "node:test";
import { englishAnalyzer } from "../text/analyze.ts";
import { checkClaims, type Claim } from "./check-claims.ts";
import { fakeEmbedder } from "./world.test.fixture.ts";

/** Two meanings: texts about birds and texts about trains. */
const embedder = fakeEmbedder(async (texts) => ({
  vectors: texts.map((text) =>
    /stork|nest|Anna/i.test(text) ? Float32Array.of(0.8, 0.6) : Float32Array.of(0.6, -0.8),
  ),
  tokens: 0,
}));
const sources = [
  { id: "birds", title: "Storks", text: "Storks nest on roofs in March. Anna Meier counted 1,234 storks in 2019." },
  { id: "trains", title: "Rail", text: "The train carried 2,345,678 people. It left Bern." },
];
const check = async (text: string, cited: readonly string[] = ["birds"]) => {
  const claim: Claim = { text, cited };
  const [checked] = await checkClaims({ embedder, analyzer: englishAnalyzer(), idfOf: () => 1 }, [claim], sources);
  return checked!;
};

test("a claim in the words of its source is verified", async () => {
  assert.equal((await check("Anna Meier counted 1234 storks.")).level, "verified");
});

test("a claim about something else is unsupported", async () => {
  assert.equal((await check("Bread is baked from flour.")).level, "unsupported");
});

test("a changed digit is named", async () => {
  const checked = await check("Anna Meier counted 1,334 storks.");
  assert.deepEqual([checked.level, checked.missingNumbers], ["number-not-in-source", ["1,334"]]);
});

test("a number may be rounded and scaled only as far as the claim says so", async () => {
  const level = async (text: string) => (await check(text, ["trains"])).missingNumbers.length === 0;
  assert.ok(await level("The train carried 2.3 million people."));
  assert.ok(!(await level("The train carried 2.4 million people.")));
  assert.ok(!(await level("The train carried 2 people.")));
});

test("a swapped name makes a claim weak", async () => {
  assert.equal((await check("Berta Huber counted storks in 2019.")).level, "weak");
});

test("a source that fits clearly better than the cited one is named", async () => {
  const swapped = await check("Storks nest on roofs.", ["trains"]);
  assert.equal(swapped.betterSource, "birds");
  assert.equal((await check("Storks nest on roofs.")).betterSource, null);
});

test("a claim without a source has no support", async () => {
  assert.deepEqual((await check("Storks nest.", [])).support, 0);
});
