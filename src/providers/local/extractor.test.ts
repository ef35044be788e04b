import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as fc from "fast-check";
import type { ExtractPassage } from "../../ports/extractor.ts";
import { extractPassage } from "./extract-passage.ts";
import { localExtractor } from "./extractor.ts";
import { openTagger } from "./tagger.ts";

const tagger = openTagger();
const extractor = await localExtractor();
after(() => extractor.close());

const passage = (content: string, more: Partial<ExtractPassage> = {}): ExtractPassage => ({
  chunk_id: "c1",
  title: "Manual",
  heading_path: [],
  content,
  start: 0,
  links: [],
  ...more,
});
const names = (content: string, more: Partial<ExtractPassage> = {}): string[] =>
  extractPassage(passage(content, more), tagger).mentions.map(({ kind, entity }) => `${kind} ${entity}`);

test("names the title, what stands before its comma, headings, terms and proper nouns, each once", () => {
  const content = "Peter Jackson was born in Pukerua Bay. Peter Jackson won.";
  assert.deepEqual(names(content, { title: "Jackson, Peter", heading_path: ["Early life", "Introduction"] }), [
    "title jackson peter",
    "title jackson",
    "heading early life",
    "body peter jackson",
    "body pukerua bay",
  ]);
});

test("a reply is about what the message was about that it answers", () => {
  assert.deepEqual(names("It rains.", { title: "Re: AW: Cold store" }), ["title cold store"]);
});

test("a constant is one name, other identifiers are none, and no word of either is", () => {
  const content =
    "Raise bodyLimit when FST_ERR_CTP_BODY_TOO_LARGE is thrown by Fastify, not Number.MAX_SAFE_INTEGER or a maxRequestBodySize.";
  assert.deepEqual(
    names(content).filter((name) => name.startsWith("body")),
    ["body fastify", "body fst_err_ctp_body_too_large", "body max_safe_integer"],
  );
});

test("a title that stands in the text is also a name of the text", () => {
  const { mentions } = extractPassage(passage("We visited Ely Cathedral today.", { title: "Ely Cathedral" }), tagger);
  assert.deepEqual(
    mentions.map(({ kind, start }) => [kind, start]),
    [
      ["title", 11],
      ["body", 11],
    ],
  );
});

test("a passage whose title says nothing is titled by its first sentence", () => {
  const content = "The Borgata is a hotel. It is large.";
  assert.deepEqual(names(content, { title: "scan_0017.pdf" }), ["title borgata", "body borgata"]);
  assert.deepEqual(names(content, { title: "Atlantic City" }), ["title atlantic city", "body borgata"]);
});

test("a reference to a section leads to the title of the passages under its heading", () => {
  const from = extractPassage(passage("For limits see section 3.2 below."), tagger);
  const to = extractPassage(passage("Limits are low.", { heading_path: ["3 Use", "3.2 Limits"] }), tagger);
  const target = from.links[0]?.target;
  assert.ok(to.mentions.some(({ kind, entity }) => kind === "title" && entity === target));
});

test("keeps the links of the format and adds those of the text, in stored offsets", () => {
  const given = { chunk_id: "c1", kind: "hyperlink", target: "https://host.example", start: 101, end: 104 } as const;
  const { links } = extractPassage(passage("See ABC-123 and b.md.", { start: 100, links: [given] }), tagger);
  assert.deepEqual(links, [
    given,
    { chunk_id: "c1", kind: "ticket", target: "abc 123", start: 104, end: 111 },
    { chunk_id: "c1", kind: "file", target: "b.md", start: 116, end: 120 },
  ]);
});

test("states what joins two names, with its sentence and little confidence; a short form with much", () => {
  const content = "It ends. Heavenly Creatures was directed by Peter Jackson. He ran Weta Digital Limited (WDL).";
  const { assertions } = extractPassage(passage(content), tagger);
  assert.deepEqual(
    assertions.map(({ source_entity, type, target_entity, confidence }) => [
      source_entity,
      type,
      target_entity,
      confidence,
    ]),
    [
      ["wdl", "short for", "weta digital limited", "high"],
      ["heavenly creatures", "was directed by", "peter jackson", "low"],
    ],
  );
  assert.equal(assertions[1]?.description, "Heavenly Creatures was directed by Peter Jackson.");
});

test("offsets lie in the stored text and hold the name, whatever the text", () => {
  const word = fc.constantFrom(
    ..."Paris Peter of the was \u00a0 \n\n\t ’s é😀 (PP) “Term” means ABC-1 x.md - & 11 . , İ ﬁ".split(" "),
    " ",
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 30 }).map((words) => words.join(" ")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 1000 }), (content, start) => {
      const stored = " ".repeat(start) + content;
      const graph = extractPassage(passage(content, { start, title: "Paris" }), tagger);
      for (const mention of graph.mentions) {
        if (mention.start !== null) assert.equal(stored.slice(mention.start, mention.end!), mention.name);
        assert.notEqual(mention.entity, "");
      }
      for (const link of graph.links) assert.ok(link.start >= start && link.end <= stored.length);
    }),
    { numRuns: 300 },
  );
});

test("tokens of the tagger stand where they say, and none is lost", () => {
  assert.deepEqual(
    tagger.tag("\u3000!\u00a0 Ely").map(({ start, end }) => [start, end]),
    [
      [1, 2],
      [4, 7],
    ],
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
      for (const token of tagger.tag(text)) assert.equal(text.slice(token.start, token.end), token.text);
    }),
  );
});

test("answers in the order of the passages, in a thread", async () => {
  const passages = Array.from({ length: 50 }, (_, index) =>
    passage(`Visit Town${index}ville now.`, { chunk_id: `${index}` }),
  );
  const result = await extractor.extract(passages);
  assert.equal(result.failed, 0);
  assert.deepEqual(
    result.passages,
    passages.map((one) => extractPassage(one, tagger)),
  );
  assert.ok(result.passages.every(({ mentions }, index) => mentions.every(({ chunk_id }) => chunk_id === `${index}`)));
});

test("a cancelled call rejects with the reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(extractor.extract([passage("x")], { signal: AbortSignal.abort(reason) }), reason);
});

test("a closed extractor refuses", async () => {
  const closing = await localExtractor();
  await closing.close();
  await assert.rejects(closing.extract([passage("x")]), { code: "conflict" });
});
