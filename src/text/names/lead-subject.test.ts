import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isEmptyTitle, leadRun, leadSubject, otherLeadNames } from "./lead-subject.ts";

const subjectOf = (text: string): string | null => {
  const span = leadSubject(text);
  return span === null ? null : text.slice(span.start, span.end);
};

test("takes the subject of a first sentence that says what something is", () => {
  assert.equal(subjectOf("The Borgata (2003) is a hotel in Atlantic City."), "Borgata");
  assert.equal(subjectOf("Alta, a village in West Virginia, was founded in 1850."), "Alta");
  assert.equal(subjectOf("Electric charge is a property of matter."), "Electric charge");
});

test("reads past initials, brackets within brackets, asides and quotes", () => {
  assert.equal(subjectOf("Daniel P. Reigle (February 19, 1841 – March 19, 1917) was a soldier."), "Daniel P. Reigle");
  assert.equal(subjectOf("Latvia (Latvian: Latvija (help)), officially the Republic, is a country."), "Latvia");
  assert.equal(
    subjectOf("Publix Super Markets, Inc., commonly known as Publix, is a chain."),
    "Publix Super Markets, Inc.",
  );
  assert.equal(subjectOf('"Hello Love" is a 1974 single by Hank Snow.'), "Hello Love");
  assert.equal(subjectOf("``Fool (If You Think It's Over)'' is a song."), "Fool (If You Think It's Over)");
});

test("takes no common noun for a name that a text merely begins with", () => {
  assert.equal(subjectOf("The name was changed in 1917."), null);
  assert.equal(subjectOf("A common misconception is that the Cape is the southern tip."), null);
  assert.equal(subjectOf("Precipitation is moderate."), null);
  assert.equal(subjectOf("Caroline: It was a great day."), null);
});

test("finds what else the first sentence calls its subject", () => {
  const othersOf = (text: string) => otherLeadNames(text, leadSubject(text)!);
  assert.deepEqual(othersOf("Gregory Steven Keatley (born September 12, 1953) is a catcher."), ["Gregory Keatley"]);
  assert.deepEqual(othersOf("Juan de Dios Prados (born 1986), known as Juande, is a footballer."), [
    "Juan Prados",
    "Juande",
  ]);
  assert.deepEqual(othersOf("The Church of St Michael, commonly known as Coventry Cathedral, is a church."), [
    "Coventry Cathedral",
  ]);
  assert.deepEqual(
    othersOf("New York City (population 8,804,190) is a city known as a port. Known as Gotham, it is large."),
    [],
  );
});

test("takes a name of several words before a verb, and none of one word", () => {
  const tagged = (...tags: readonly string[]) =>
    tags.map((tag, at) => ({ text: "Word", tag, start: at * 5, end: at * 5 + 4 }));
  const run = (first: number, last: number) => ({ start: first * 5, end: last * 5 + 4, first, last });
  assert.deepEqual(leadRun(tagged("PROPN", "PROPN", "VERB"), [run(0, 1)]), run(0, 1));
  assert.equal(leadRun(tagged("PROPN", "VERB"), [run(0, 0)]), null);
  assert.equal(leadRun(tagged("PROPN", "PROPN", "NOUN"), [run(0, 1)]), null);
  assert.equal(leadRun(tagged("VERB", "PROPN", "PROPN", "VERB"), [run(1, 2)]), null);
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
  for (const title of ["", " 17 ", "report_v2.pdf", "Untitled", "doc 12", "page-3", "corpus_0001", "—"])
    assert.ok(isEmptyTitle(title), title);
  for (const title of [
    "Borgata",
    "Sun",
    "2018 Winter Olympics",
    "東京",
    "Page One Records",
    "report-2024",
    "Apollo 11",
  ]) {
    assert.ok(!isEmptyTitle(title), title);
  }
});
