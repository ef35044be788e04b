import assert from "node:assert/strict";
import { test } from "node:test";
import { openTagger } from "./tagger.ts";

test("what a text is taken for does not depend on the texts that were read before", () => {
  const text = "The report counts 101 wings and 104 tails.";
  const [fresh, used] = [openTagger(), openTagger()];
  used.tag("the aerofoil rae.101 and the aerofoil r.a.e.104 at values");
  assert.deepEqual(used.tag(text), fresh.tag(text));
});
