import assert from "node:assert/strict";
import { test } from "node:test";
import { headingSlug, headingSlugs } from "./heading-slugs.ts";

test("headings are named as GitHub names them", () => {
  assert.equal(headingSlug("What's new?"), "whats-new");
  assert.equal(headingSlug("`fs.readFile(path[, options])`"), "fsreadfilepath-options");
  assert.equal(headingSlug("A & B -- snake_case"), "a--b----snake_case");
  assert.equal(headingSlug("Über Größe 日本"), "über-größe-日本");
});

test("equal headings are numbered, and a number that is taken is passed over", () => {
  const name = headingSlugs();
  assert.deepEqual(
    ["Notes", "Notes", "Notes 1", "Notes"].map((heading) => name(heading)),
    ["notes", "notes-1", "notes-1-1", "notes-2"],
  );
});
