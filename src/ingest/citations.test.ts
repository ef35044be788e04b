import assert from "node:assert/strict";
import { test } from "node:test";
import { citationsIn } from "./citations.ts";
import type { LoadedLink } from "./load/loaded-document.ts";

const told = (text: string, more: Partial<Parameters<typeof citationsIn>[0]> = {}) =>
  citationsIn({ text, source: "a.md", metadata: {}, links: [], span: { start: 0, end: text.length }, ...more }).map(
    ({ kind, target, start, end }) => `${kind} ${target}: ${text.slice(start, end).split("\n")[0]!.trim()}`,
  );

/** Longer than every text here. */
const whole = { start: 0, end: 1e9 };

const paper = `Slewing is hard [2]. Ropes [1, 3] break, as others say [1–2]. A matrix a[7] is none, and [1](x.html) is a link.

## References

[1] A. Peirce. Ropes under fatigue. 1999.
[2] M. Halvorsen. Slewing of tall cranes. 2003. doi:10.5555/JHM.2003(07)7.
[3] Nobody. See [1] for all of it.
`;

test("a number in brackets leads to its entry, and to the work that the entry names", () => {
  assert.deepEqual(told(paper), [
    "anchor #cite-1: [1] A. Peirce. Ropes under fatigue. 1999.",
    "anchor #cite-2: [2] M. Halvorsen. Slewing of tall cranes. 2003. doi:10.5555/JHM.2003(07)7.",
    "anchor #cite-3: [3] Nobody. See [1] for all of it.",
    "citation #cite-2: [2]",
    "citation doi:10.5555/jhm.2003(07)7: [2]",
    "citation #cite-1: [1, 3]",
    "citation #cite-3: [1, 3]",
    "citation #cite-1: [1–2]",
    "citation #cite-2: [1–2]",
    "citation doi:10.5555/jhm.2003(07)7: [1–2]",
    "citation doi:10.5555/jhm.2003(07)7: 10.5555/JHM.2003(07)7",
  ]);
});

test("names with a year, notes, alphabetic labels and keys of LaTeX lead to their entries", () => {
  const authored = `Masts sway (Halvorsen, 2003). Peirce and Low (1999) disagree; Smith (2001) is nowhere.

References

Halvorsen, M. (2003). Slewing of tall cranes. Journal of Masts.
Peirce, A. & Low, B. 1999. Ropes under fatigue.
`;
  const citations = (text: string) => told(text).filter((one) => one.startsWith("citation"));
  assert.deepEqual(citations(authored), [
    "citation #cite-halvorsen 2003: Halvorsen, 2003",
    "citation #cite-peirce 1999: Peirce and Low (1999",
  ]);
  assert.deepEqual(citations("So it is.[^why] Or not.\n\n[^why]: Because the mast is tall."), [
    "citation #cite-^why: [^why]",
  ]);
  assert.deepEqual(citations("As in [Knu97] it is.\n\n[Knu97] D. Knuth, Fundamental Algorithms."), [
    "citation #cite-Knu97: [Knu97]",
  ]);
  const latex = "As \\citet[p. 3]{hal, low} say.\n\n\\bibitem{hal} M. Halvorsen. Slewing.\n\\bibitem[L]{low} B. Low.";
  assert.deepEqual(citations(latex), [
    "citation #cite-hal: \\citet[p. 3]{hal, low}",
    "citation #cite-low: \\citet[p. 3]{hal, low}",
  ]);
});

test("a note with an address leads to the page", () => {
  const mail = "The rules changed [1].\n\n[1] New rules: https://velmora.example/rules.html#cranes.\n";
  assert.deepEqual(told(mail).slice(1), [
    "citation #cite-1: [1]",
    "citation https://velmora.example/rules.html#cranes: [1]",
  ]);
});

test("works are cited by DOI and arXiv number, in the text and by hyperlinks", () => {
  const text = "See (doi 10.1000/xyz.123), arXiv:2401.01234v2 and this.";
  const link: LoadedLink = { kind: "hyperlink", target: "https://doi.org/10.2000/ABC", start: 50, end: 54 };
  assert.deepEqual(told(text, { links: [link] }), [
    "citation doi:10.1000/xyz.123: 10.1000/xyz.123",
    "citation arxiv:2401.01234: arXiv:2401.01234",
    "citation doi:10.2000/abc: this",
  ]);
});

test("a document is the work that it says on a line of its own, in its metadata or by its address", () => {
  const own = (text: string, more: Parameters<typeof told>[1] = {}) =>
    citationsIn({ text, source: "a.md", metadata: {}, links: [], span: { start: 0, end: text.length }, ...more }).map(
      ({ kind, target }) => [kind, target],
    );
  assert.deepEqual(own("A title\n\nhttps://doi.org/10.5555/A.1\n\nText."), [["anchor", "doi:10.5555/a.1"]]);
  const listed = "A title\n\nText.\n\nhttps://doi.org/10.5555/A.1\n";
  assert.deepEqual(own(listed, { span: { start: 0, end: listed.indexOf("https") } }), []);
  assert.deepEqual(own("Text.", { metadata: { doi: "10.5555/A.1" } }), [["anchor", "doi:10.5555/a.1"]]);
  assert.deepEqual(own("arXiv:2401.01234v1 [cs.CL] 2 Jan 2024\n\nText."), [["anchor", "arxiv:2401.01234"]]);
  assert.deepEqual(own("Text.", { source: "/x/2401.01234v1.pdf" }), [["anchor", "arxiv:2401.01234"]]);
  assert.deepEqual(own("Text.", { source: "https://arxiv.org/abs/2401.01234" }), [["anchor", "arxiv:2401.01234"]]);
});

test("what is written like a citation and has no entry is none", () => {
  assert.deepEqual(told("const a = b[12]; // see [3]\n- [x] done it all at last\n[INFO] started the server now"), []);
});

test("hostile and long texts take no time", () => {
  const hostile = [
    "\\cite[",
    "\\citecite",
    "A",
    "[1",
    "references ",
    "10.1234/(",
    "[^a-",
    "\\bibitem{",
    "Ab 1999 (",
    " ",
  ];
  const began = performance.now();
  for (const piece of hostile)
    citationsIn({
      text: `\nReferences\n${piece.repeat(50_000)}\n[1] An entry of note`,
      source: "a",
      metadata: {},
      links: [],
      span: whole,
    });
  const entries = Array.from({ length: 3000 }, (_none, at) => `[${at % 1000}] Some author. A title. 1999.`).join("\n");
  const body = Array.from({ length: 20_000 }, (_none, at) => `As is known [${at % 1000}].`).join(" ");
  assert.ok(
    citationsIn({ text: `${body}\n\nReferences\n${entries}`, source: "a", metadata: {}, links: [], span: whole })
      .length > 20_000,
  );
  assert.ok(performance.now() - began < 5000);
});
