import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Store } from "../ports/store.ts";
import { ownerScope } from "../scope.ts";
import { verifyQuotes, type Quote } from "./cite.ts";
import { sliceCodePoints } from "../text/code-points.ts";
import { chunkNamed } from "./world.test.fixture.ts";

const scope = ownerScope("t");
const storeWith = (texts: Readonly<Record<string, string>>): Pick<Store, "documents"> =>
  ({ documents: { text: async (_: unknown, id: string) => texts[id] ?? null } }) as unknown as Pick<Store, "documents">;

const text = "Storks nest on roofs.\nThey return\n  in March. Storks nest on roofs.";
const store = storeWith({ "document-a": text });
const chunk = { ...chunkNamed("a"), span: { start: 22, end: text.length, page: 4 }, heading_path: ["Birds"] };
const quote = (words: string, start: number | null = null, end: number | null = null): Quote => ({
  chunk,
  quote: words,
  start,
  end,
});
const found = async (...quotes: Quote[]) => verifyQuotes(store, scope, quotes);

test("a quote that stands at its offsets is taken as it is", async () => {
  const { citations, warnings } = await found(quote("Storks nest on roofs.", 0, 21));
  assert.deepEqual(citations, [
    {
      marker: 1,
      chunk_id: "a",
      document_id: "document-a",
      title: "",
      source: "a.txt",
      quote: "Storks nest on roofs.",
      start: 0,
      end: 21,
      page: 4,
      heading_path: ["Birds"],
    },
  ]);
  assert.deepEqual(warnings, []);
});

test("wrong offsets are corrected, and the own passage is searched before the rest", async () => {
  const { citations } = await found(quote("Storks nest on roofs.", 3, 24));
  assert.equal(citations[0]?.start, text.lastIndexOf("Storks"));
});

test("a quote outside its passage is found in the document", async () => {
  assert.equal((await found(quote("roofs.\nThey"))).citations[0]?.start, 15);
});

test("blanks that differ are no difference, and the quote becomes the source's own words", async () => {
  const { citations } = await found(quote("They return in March."));
  assert.equal(citations[0]?.quote, "They return\n  in March.");
});

test("what the source does not say is dropped and counted, and the markers close up", async () => {
  const { citations, warnings, verdicts } = await found(
    quote("Storks return in May."),
    quote("  "),
    quote("in March."),
  );
  assert.deepEqual(
    citations.map(({ marker, quote }) => [marker, quote]),
    [[1, "in March."]],
  );
  assert.deepEqual(
    warnings.map(({ code, message }) => [code, message.slice(0, 8)]),
    [["citations_dropped", "2 quotes"]],
  );
  assert.deepEqual(
    verdicts.map((verdict) => verdict?.marker ?? null),
    [null, null, 1],
  );
});

test("offsets count characters as every language does, emoji as one", async () => {
  const stored = "\u{1F986}\u{1F986} Storks nest on roofs.";
  const { citations } = await verifyQuotes(storeWith({ "document-a": stored }), scope, [quote("nest on")]);
  assert.deepEqual([citations[0]?.start, citations[0]?.end], [10, 17]);
});

test("nothing can be quoted from a document that may not be read", async () => {
  const { citations } = await verifyQuotes(storeWith({}), scope, [quote("Storks", 0, 6)]);
  assert.deepEqual(citations, []);
});

test("every citation's quote stands in the stored text at its offsets, whatever was claimed", async () => {
  const words = fc.array(fc.constantFrom("a", "b", "(c", "d.", "é", "\u{1F600}"), { minLength: 1, maxLength: 12 });
  const blanks = fc.constantFrom(" ", "\n", "  ", "\u00A0");
  await fc.assert(
    fc.asyncProperty(words, blanks, blanks, fc.nat(30), fc.nat(30), async (all, inText, inQuote, from, length) => {
      const stored = all.join(inText);
      const claimed = all
        .slice(from % all.length)
        .slice(0, 1 + (length % all.length))
        .join(inQuote);
      const own = { ...chunk, span: { start: 0, end: stored.length, page: null } };
      const made = { chunk: own, quote: claimed, start: from, end: length };
      const { citations } = await verifyQuotes(storeWith({ "document-a": stored }), scope, [made]);
      assert.equal(citations.length, 1);
      for (const { quote, start, end } of citations) assert.equal(sliceCodePoints(stored, start, end), quote);
    }),
  );
});
