import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isEmptyTitle, leadSubject } from "./lead-subject.ts";

const subjectOf = (text: string): string | null => {
  const span = leadSubject(text);
  return span === null ? null : text.slice(span.start, span.end);
};

test("takes the subject of a first sentence that says what something is", () => {
  assert.equal(subjectOf("The Borgata (2003) is a hotel in Atlantic City."), "Borgata");
  assert.equal(subjectOf("Alta, a village in West Virginia, was founded in 1850."), "Alta");
  assert.equal(subjectOf("Electric charge is a property of matter."), "Electric charge");
});

test("takes nothing from a sentence that points elsewhere, asks or has another form", () => {
  assert.equal(subjectOf("This chapter is about ducks."), null);
  assert.equal(subjectOf("He was born in Ely."), null);
  assert.equal(subjectOf("Install it first. Then Postgres is ready."), null);
  assert.equal(subjectOf("lower case is not a name"), null);
  assert.equal(subjectOf(""), null);
});

test("a subject lies in the text and is not blank", () => {
  const piece = fc.constantFrom("The ", "A ", "Ab ", "(x) ", ", y, ", " is ", "was", ".", "\n", "é", "[1] ");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const subject = subjectOf(pieces.join(""));
      if (subject !== null) assert.ok(subject === subject.trim() && subject !== "");
    }),
  );
});

test("knows titles that say nothing", () => {
  for (const title of ["", " 17 ", "report_v2.pdf", "Untitled", "doc 12", "page-3", "—"])
    assert.ok(isEmptyTitle(title), title);
  for (const title of ["Borgata", "Sun", "2018 Winter Olympics", "東京", "Page One Records"]) {
    assert.ok(!isEmptyTitle(title), title);
  }
});
