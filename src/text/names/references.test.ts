import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { findDefinedTerms } from "./defined-terms.ts";
import { headingParts } from "./headings.ts";
import { findReferences } from "./references.ts";

const targets = (text: string): string[] => findReferences(text).map(({ kind, target }) => `${kind} ${target}`);

test("finds sections, figures and appendices by their number", () => {
  assert.deepEqual(targets("see Section 3.2 and § 4, Appendix B; Figures 7"), [
    "reference section 3 2",
    "reference section 4",
    "reference appendix b",
    "reference figure 7",
  ]);
  assert.deepEqual(targets("the section about tables a and articles of 3% fat"), []);
});

test("finds file names and paths, not hosts or addresses", () => {
  assert.deepEqual(targets("edit docs/setup.md, ./src/open.ts or `package-lock.json`."), [
    "file docs/setup.md",
    "file ./src/open.ts",
    "file package-lock.json",
  ]);
  assert.deepEqual(targets("mail me@host.md or https://host.example/a.html, version 1.2.3 e.g. this"), []);
});

test("finds what code imports: modules by their dotted name on a line of their own", () => {
  assert.deepEqual(targets("from ledger_tools import balance\nimport report.pdf_writer as writer, os\n"), [
    "file ledger_tools",
    "file ledger_tools/balance",
    "file report/pdf_writer",
    "file os",
  ]);
  assert.deepEqual(targets("from . import rounding\n  from ..store.files import (Ledger,\n"), [
    "file ./rounding",
    "file ../store/files",
  ]);
  assert.deepEqual(targets("import static com.acme.books.Ledger;\n"), ["file acme/books/Ledger"]);
  assert.deepEqual(targets("Goods that we import from Spain\nimport taxes are due from May on\n"), []);
});

test("finds tickets, not standards that look like them", () => {
  assert.deepEqual(targets("ABC-123 fixes OPS2-7; UTF-8, COVID-19 and X-ray do not count"), [
    "ticket abc 123",
    "ticket ops2 7",
  ]);
});

test("a reference and the heading it means have one key", () => {
  assert.equal(headingParts("3.2 Storage").place, findReferences("see section 3.2")[0]?.target);
  assert.equal(headingParts("Appendix B: Terms").place, findReferences("in Appendix B")[0]?.target);
});

test("a heading names its subject, unless every document has it or it is a sentence", () => {
  assert.deepEqual(headingParts("3.2 Search indexes"), { name: "Search indexes", place: "section 3 2" });
  assert.deepEqual(headingParts("1. Introduction"), { name: null, place: "section 1" });
  assert.deepEqual(headingParts("A Tale of Two Cities"), { name: "A Tale of Two Cities", place: null });
  assert.deepEqual(headingParts("| 3 Framework | Requests |"), { name: null, place: null });
  assert.equal(headingParts("How to install this on a machine that has no network at all").name, null);
});

test("finds defined terms in contracts, glossaries and beside their long form", () => {
  const terms = (text: string): string[] => findDefinedTerms(text).map(({ term }) => term);
  assert.deepEqual(terms("“Affiliate” means any firm. Acme Inc. (the “Company”) agrees."), ["Affiliate", "Company"]);
  assert.deepEqual(terms("- **Leg**: one search\n- `top_k` - how many\n"), ["Leg", "top_k"]);
  const [rag] = findDefinedTerms("We use Retrieval-Augmented Generation (RAG) and tests (see below).");
  assert.equal(rag?.term, "RAG");
  assert.equal(rag?.longForm?.text, "Retrieval-Augmented Generation");
  assert.equal(findDefinedTerms("the World Health Organization (WHO)")[0]?.longForm?.text, "World Health Organization");
  assert.deepEqual(terms('He left (USA) early, "quoted" and all.'), []);
});

test("offsets hold what was found", () => {
  const pieces = [
    "see section 3.2",
    " ABC-12 ",
    "a/b.md",
    "“Term” means ",
    "Big Red Dog (BRD)",
    "é😀 ",
    "\n- **x1**: ",
    ".",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      for (const { kind, target, start, end } of findReferences(text)) {
        if (kind === "file") assert.equal(text.slice(start, end), target);
        assert.ok(start < end);
      }
      for (const { term, start, end, longForm } of findDefinedTerms(text)) {
        assert.equal(text.slice(start, end), term);
        if (longForm !== null) assert.equal(text.slice(longForm.start, longForm.end), longForm.text);
      }
    }),
  );
});

test("reads hostile text in a few milliseconds of a processor", () => {
  const hard = ["a.", "a/", "(“the ", "(A", "section ", "1.", "“", "`a", "a-", "A-1", "**a"];
  const read = (text: string): unknown => [findReferences(text), findDefinedTerms(text)];
  const texts = hard.map((piece) => piece.repeat(10_000 / piece.length));
  texts.forEach(read);
  const before = process.cpuUsage();
  texts.forEach(read);
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 / texts.length < 10);
});

test("finds what code imports beside it, and numbered tickets, not colours", () => {
  assert.deepEqual(targets('import { hop } from "./graph/hop.js";\nconst x = require("../y");\nimport z from "zod";'), [
    "file ./graph/hop.js",
    "file ./graph/hop",
    "file ../y",
  ]);
  assert.deepEqual(targets("Closes #41, not #123456 nor page#3 or C#7"), ["ticket #41"]);
});
