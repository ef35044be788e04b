import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { markdownDocument } from "../load/load-markdown.ts";
import { textDocument } from "../load/load-text.ts";
import type { LoadedDocument } from "../load/loaded-document.ts";
import { chunkDocument, chunkerFingerprint, countWords, type EmbeddableChunk } from "./chunk-document.ts";

const described = { tenant: "t", document_id: "d", title: "Guide", source: "/guide", metadata: {} };
const options = { countTokens: countWords, embedderMaxTokens: 60, targetTokens: 20, maxTokens: 30 };

const chunk = (
  loaded: Pick<LoadedDocument, "text" | "blocks">,
  settings: Partial<Parameters<typeof chunkDocument>[2]> = {},
): readonly EmbeddableChunk[] => {
  const steps = chunkDocument(loaded, described, { ...options, ...settings });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.constantFrom(
        "\r\n",
        "\n\n",
        "\n",
        "# Heading\n\n",
        "- item\n",
        "漢字かな交じり文。これは長い文です",
        "x".repeat(400),
        "👩‍👩‍👧‍👦".repeat(40),
      ),
      fc.constantFrom("One sentence. ", "Dr. Who went home? ", "| a | b |\n|---|---|\n| 1 | 2 |\n\n", "\uD800", "\t "),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

function assertPromises(loaded: Pick<LoadedDocument, "text" | "blocks">, chunks: readonly EmbeddableChunk[]): void {
  const { text } = loaded;
  const covered = new Uint8Array(text.length);
  for (const { content, span, token_count } of chunks) {
    assert.equal(text.slice(span.start, span.end), content);
    const graphemes = [...new Intl.Segmenter("en").segment(content)].length;
    const budget = chunks.length === 1 ? options.embedderMaxTokens : options.maxTokens;
    assert.ok(token_count <= budget || graphemes === 1, `${token_count} tokens in ${JSON.stringify(content)}`);
    covered.fill(1, span.start, span.end);
  }
  for (const { kind, start, end } of loaded.blocks) {
    if (kind !== "aside") continue;
    assert.ok(!covered.subarray(start, end).includes(1), `the aside at ${start} lies in a chunk`);
    covered.fill(1, start, end);
  }
  const lost = [...covered.keys()].find((at) => covered[at] === 0 && /\S/.test(text.charAt(at)));
  assert.equal(lost, undefined, `character ${lost} lies in no chunk`);
}

test("a chunk is a slice of the text, within the budget, and no character is lost: plain text", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const loaded = textDocument(text, "text/plain");
      assertPromises(loaded, chunk(loaded));
    }),
    { numRuns: 150 },
  );
});

test("a chunk is a slice of the text, within the budget, and no character is lost: Markdown", () => {
  fc.assert(
    fc.property(texts, fc.constantFrom("", "---\ntitle: A guide\n---\n"), (text, front) => {
      const loaded = markdownDocument(front + text);
      assertPromises(loaded, chunk(loaded));
    }),
    { numRuns: 150 },
  );
});

test("the same holds with overlap and for blocks that lie anywhere", () => {
  const blocks = fc.array(fc.record({ start: fc.nat(300), length: fc.nat(80), page: fc.constantFrom(null, 1, 2) }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(texts, blocks, (text, places) => {
      const given = places
        .map(({ start, length, page }) => ({ kind: "paragraph" as const, start, end: start + length, page }))
        .toSorted((a, b) => a.start - b.start);
      assertPromises({ text, blocks: given }, chunk({ text, blocks: given }, { overlapTokens: 10 }));
    }),
    { numRuns: 100 },
  );
});

test("a chunk does not start or end inside a surrogate pair", () => {
  const text = "😀".repeat(500);
  for (const { content } of chunk(textDocument(text, "text/plain"))) assert.ok(content.isWellFormed());
});

const section = (name: string): string =>
  `## ${name}\n\n${Array.from({ length: 4 }, (_, index) => `${name} says thing number ${index} in a sentence of ten words.`).join(" ")}\n\n`;

test("a section that is long enough begins its own chunk, with its headings as path", () => {
  const loaded = markdownDocument(`# Guide\n\n${section("Install")}${section("Remove")}`);
  const chunks = chunk(loaded, { targetTokens: 50, maxTokens: 70, embedderMaxTokens: 95 });
  const remove = chunks.find((one) => one.content.startsWith("## Remove"));
  assert.deepEqual(remove?.heading_path, ["Remove"]);
  assert.ok(!remove?.content.includes("Install"));
});

test("a heading path begins below the title, and says a first heading that differs from it", () => {
  const chunks = chunk(markdownDocument(`# Guide\n\n${section("Install")}# Annex\n\n${section("Tools")}`));
  const paths = new Set(chunks.map((one) => one.heading_path.join(" › ")));
  assert.deepEqual([...paths], ["Install", "Annex › Tools"]);
});

test("front matter alone makes no chunk", () => {
  assert.deepEqual(chunk(markdownDocument("---\ntitle: Guide\n---\n")), []);
});

test("what is embedded begins with the title and the headings that the content lacks", () => {
  const loaded = markdownDocument(`# Guide\n\n${section("Remove")}${section("Install")}`);
  const last = chunk(loaded).at(-1);
  assert.ok(last?.embedding_text.startsWith("Guide. Install. "), last?.embedding_text);
  assert.ok(countWords(last?.embedding_text ?? "") <= options.embedderMaxTokens);
});

test("a table that fits is one chunk, one that does not is cut between rows and says its header", () => {
  const rows = Array.from({ length: 12 }, (_, index) => `| row ${index} | value ${index} |`).join("\n");
  const table = `| name | value |\n|---|---|\n${rows}\n`;
  assert.equal(chunk(markdownDocument(table), { targetTokens: 200, maxTokens: 300, embedderMaxTokens: 500 }).length, 1);
  const parts = chunk(markdownDocument(table), { targetTokens: 40, maxTokens: 60, embedderMaxTokens: 85 });
  assert.ok(parts.length > 1);
  for (const part of parts) assert.match(part.content, /^\|[^]*\|$/u);
  assert.match(parts[1]?.embedding_text ?? "", /\| name \| value \|/u);
});

test("a document that the embedder reads to its end is one chunk", () => {
  const text = Array.from({ length: 5 }, (_, index) => `Sentence number ${index} has seven words.`).join("\n\n");
  const loaded = textDocument(text, "text/plain");
  assert.deepEqual(
    chunk(loaded).map((one) => one.content),
    [text],
  );
  assert.ok(chunk(loaded, { embedderMaxTokens: 30 }).length > 1);
});

test("no chunk reaches over a page", () => {
  const text = "First page. \n\nSecond page.";
  const blocks = [
    { kind: "paragraph" as const, start: 0, end: 11, page: 1 },
    { kind: "paragraph" as const, start: 14, end: 26, page: 2 },
  ];
  assert.deepEqual(
    chunk({ text, blocks }).map((one) => [one.content, one.span.page]),
    [
      ["First page.", 1],
      ["Second page.", 2],
    ],
  );
});

const story = Array.from(
  { length: 60 },
  (_, index) =>
    `Paragraph ${index} tells ${"something ".repeat(3 + (index % 5))}about number ${index * 7}. It ends here.`,
);
const idsOf = (paragraphs: readonly string[]): ReadonlySet<string> =>
  new Set(chunk(textDocument(paragraphs.join("\n\n"), "text/plain")).map((one) => one.chunk_id));

test("a paragraph inserted at the top leaves the ids of nearly all other chunks", () => {
  const [before, after] = [idsOf(story), idsOf(["A new beginning of a few words.", ...story])];
  const kept = [...before].filter((id) => after.has(id));
  assert.ok(kept.length >= before.size - 2, `${kept.length} of ${before.size} kept`);
});

test("ids differ between equal passages, documents and tenants", () => {
  const chunks = chunk(
    textDocument(
      Array.from({ length: 10 }, () => "The same sentence of quite a few words stands here again and again.").join(
        "\n\n",
      ),
      "text/plain",
    ),
  );
  assert.equal(new Set(chunks.map((one) => one.chunk_id)).size, chunks.length);
  assert.ok(new Set(chunks.map((one) => one.embedding_hash)).size < chunks.length);
});

test("an endless line is cut in time that grows with its length", () => {
  const chunks = chunk(textDocument("word ".repeat(40_000), "text/plain"));
  assert.ok(chunks.length > 1000);
});

test("the fingerprint names every setting that moves a boundary", () => {
  const base = chunkerFingerprint({ embedderMaxTokens: 254 });
  for (const change of [{ targetTokens: 90 }, { maxTokens: 150 }, { overlapTokens: 10 }, { embedderMaxTokens: 512 }]) {
    assert.notEqual(chunkerFingerprint({ embedderMaxTokens: 254, ...change }), base);
  }
});

test("a model that reads much at once gets passages of the same size, not whole documents", () => {
  const section = "## Part\n\n" + "The gauge was read every hour and written down by hand. ".repeat(8) + "\n\n";
  const budgets = { countTokens: countWords, embedderMaxTokens: 32_000 };
  const loaded = markdownDocument(`# Handbook\n\n${section.repeat(20)}`);
  const chunks = chunk(loaded, { ...budgets, targetTokens: 120, maxTokens: 180 });
  assert.ok(chunks.length >= 10, `${chunks.length} chunks`);
  assert.ok(chunks.every(({ token_count }) => token_count <= 180));
  assert.equal(
    chunk(markdownDocument(`# Note\n\n${section}`), { ...budgets, targetTokens: 40, maxTokens: 60 }).length,
    1,
  );
  const large = chunk(loaded, { ...budgets, targetTokens: 3000, maxTokens: 3000 });
  assert.equal(large.length, 1, "whoever asks for chunks of 3,000 tokens gets them");
});
