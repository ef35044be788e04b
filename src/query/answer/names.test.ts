import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionsOf, namesIn, unmentioned } from "./names.ts";

test("finds names without the words that open a sentence and without possessive endings", () => {
  assert.deepEqual(namesIn("Who did Hank Snow marry in Tennessee?"), ["Hank Snow", "Tennessee"]);
  assert.deepEqual(namesIn("Did Caroline's aunt join the Bank of England?"), ["Caroline", "Bank of England"]);
  assert.deepEqual(namesIn("what is a wing"), []);
  assert.deepEqual(namesIn("I'd like articles. Interested in Bern: Areas near it."), ["Bern"]);
});

test("a name counts as mentioned where one passage has all of its words", () => {
  const passages = [mentionsOf("Snow, Hank (1914) lived here."), mentionsOf("Other people in Tennessee.")];
  assert.deepEqual(unmentioned("Did Hank Snow leave Tennessee in 1914 or 1,950 for Ohio?", passages), [
    "Ohio",
    "1,950",
  ]);
  assert.deepEqual(unmentioned("Did Hank Tennessee sing?", passages), ["Hank Tennessee"]);
});
