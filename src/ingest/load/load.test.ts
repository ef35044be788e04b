import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import iconv from "iconv-lite";
import { z } from "zod";
import { load } from "./load.ts";
import type { LoadedDocument } from "./loaded-document.ts";

const read = (name: string, content: string | Uint8Array): Promise<LoadedDocument> =>
  load({ name, bytes: typeof content === "string" ? new TextEncoder().encode(content) : Uint8Array.from(content) });

const shapes = ({ text, blocks }: LoadedDocument): readonly string[] =>
  blocks.map((block) => `${block.kind}${block.level ?? ""}: ${text.slice(block.start, block.end)}`);

test("text in every encoding is read as the same words", async () => {
  const words = "Grüße aus Köln — 12 €";
  for (const encoding of ["utf8", "utf16le", "utf16be", "utf32le", "utf32be", "windows-1252"]) {
    for (const addBOM of encoding.startsWith("utf") ? [true, false] : [false]) {
      const sample = encoding === "windows-1252" ? `${words} und noch mehr Wörter über schöne Häuser` : words;
      const { text } = await read("a.txt", iconv.encode(sample, encoding, { addBOM }));
      assert.equal(text, sample, `${encoding} ${addBOM ? "with" : "without"} mark`);
    }
  }
  const { text } = await read("a.txt", iconv.encode("日本語のテキストです。", "shift_jis"));
  assert.equal(text, "日本語のテキストです。");
});

test("Markdown is stored as written, with blocks over the source", async () => {
  const source =
    "---\ntitle: Notes\ntags: [a, b]\naccess: [me]\n---\n\n# Top\n\nText with [a link](b.md).\n\n- one\n  - two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\ncode()\n```\n";
  const document = await read("a.md", source);
  assert.equal(document.text, source);
  assert.equal(document.title, "Notes");
  assert.deepEqual(document.metadata, { title: "Notes", tags: ["a", "b"] });
  assert.deepEqual(shapes(document).slice(1), [
    "heading1: # Top",
    "paragraph: Text with [a link](b.md).",
    "list-item1: - one",
    "list-item2: - two",
    "table: | a | b |\n|---|---|\n| 1 | 2 |",
    "code: ```js\ncode()\n```",
  ]);
  assert.deepEqual(linksOf(document), ["anchor #top", "hyperlink b.md"]);
  assert.equal(document.blocks.find((block) => block.kind === "table")?.rows?.length, 2);
});

const linksOf = ({ links }: LoadedDocument): string[] => links.map(({ kind, target }) => `${kind} ${target}`);

test("Markdown tells of links by reference, in HTML and of wikis, and of the places in it", async () => {
  const document = await read(
    "a.md",
    "# Set `x` up\n\n<a id='old-name'></a>\n## Set x up\n\nSee [the guide][g], [g], [[The Page#Part|here]], [[#Part]], " +
      "<a href='c.html#d'>c</a> and `[[code]]`.\n\n[g]: guide.md#start\n[G]: ignored.md\n",
  );
  assert.deepEqual(linksOf(document), [
    "anchor #set-x-up",
    "anchor #old-name",
    "anchor #set-x-up-1",
    "hyperlink guide.md#start",
    "hyperlink guide.md#start",
    "hyperlink wiki:page",
    "hyperlink #part",
    "hyperlink c.html#d",
  ]);
  const place = document.links.find(({ target }) => target === "#set-x-up-1")!;
  assert.equal(document.text.slice(place.start, place.end), "## Set x up");
});

test("HTML tells of its places, each with the block that a reader would be taken to", async () => {
  const document = await read(
    "a.html",
    "<body>Before<section id=s><h2>Part <a id=p href='#p'>#</a></h2><p>One <span id=i>two</span>.</p></section>" +
      "<p>Last</p><table id=t><tr><td id=cell>x</td></tr></table></body>",
  );
  const places = document.links.filter(({ kind }) => kind === "anchor");
  assert.deepEqual(
    places.map(({ target, start, end }) => `${target} ${document.text.slice(start, end)}`),
    ["#s Part #", "#p Part #", "#i One two.", "#t x", "#cell x"],
  );
});

test("HTML keeps its content, drops furniture and scripts, and says where its links lead", async () => {
  const document = await read(
    "a.html",
    "<html><head><title>Page</title><script>alert(1)</script></head><body><nav>Menu</nav><h1>Top</h1>" +
      "<p>Some <b>bold</b>   text with <a href='/x'>a link</a>.<br>Next line.</p><ol><li>one<li>two</ol>" +
      "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><pre>  x = 1</pre></body></html>",
  );
  assert.equal(document.title, "Page");
  assert.deepEqual(shapes(document), [
    "heading1: Top",
    "paragraph: Some bold text with a link.\nNext line.",
    "list-item1: 1. one",
    "list-item1: 2. two",
    "table: a | b\n1 | 2",
    "code:   x = 1",
    "aside: Links\n\n/x",
  ]);
  const [link] = document.links;
  assert.equal(document.text.slice(link?.start, link?.end), "a link");
});

test("rows of a CSV name their columns, whatever the delimiter", async () => {
  for (const delimiter of [",", ";", "\t"]) {
    const { text } = await read("a.csv", `name,age\n"Doe\nJane",30\nBob,41\n`.replaceAll(",", delimiter));
    assert.equal(text, "name | age\nname: Doe Jane; age: 30\nname: Bob; age: 41");
  }
});

test("JSON becomes lines of key path and value; what does not parse stays text", async () => {
  assert.equal((await read("a.json", '{"a":{"b":[1,2]},"c":[{"d":"x"}]}')).text, "a.b: 1, 2\nc.1.d: x");
  assert.equal((await read("a.jsonl", '{"a":1}\nbroken\n{"a":2}')).text, "a: 1\n\nbroken\n\na: 2");
  assert.equal((await read("a.json", '{"a": 1')).text, '{"a": 1');
  assert.equal((await read("a.json", `${"[".repeat(5000)}1${"]".repeat(5000)}`)).text.endsWith(": 1"), true);
});

test("plain text has headings, list items and paragraphs", async () => {
  const document = await read("a.txt", "INTRODUCTION\n\nA wrapped\nparagraph.\n\n1.2 Second Part\n\n- one\n- two\n");
  assert.deepEqual(shapes(document), [
    "heading2: INTRODUCTION",
    "paragraph: A wrapped\nparagraph.",
    "heading2: 1.2 Second Part",
    "list-item: - one",
    "list-item: - two",
  ]);
});

test("mail shows headers and text, names its attachments and the message it answers", async () => {
  const document = await read(
    "a.eml",
    "From: =?utf-8?Q?J=C3=B6rg?= <j@example.com>\r\nSubject: Plan\r\nMessage-ID: <2@x>\r\n" +
      'In-Reply-To: <1@x> (of Monday)\r\nReferences: <0@x> <1@x>\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' +
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9 at=\r\n noon.\r\n" +
      '--b\r\nContent-Type: image/png; name="map.png"\r\nContent-Disposition: attachment; filename="map.png"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n',
  );
  assert.deepEqual(shapes(document), [
    "paragraph: From: Jörg <j@example.com>\nSubject: Plan",
    "paragraph: Café at noon.",
    "heading2: Attachment: map.png",
  ]);
  assert.deepEqual(linksOf(document), ["anchor <2@x>", "reply <1@x>", "reply <0@x>"]);
});

test("an external entity is neither fetched nor read", async () => {
  const xml = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><p>before &x; after</p></a>';
  const { text } = await read("a.xml", xml);
  assert.ok(text.includes("before") && !text.includes("root:"), text);
});

/** One page with one line, and a title; without a table of objects, which readers make themselves. */
const pdfOf = (title: string, line: string): string => {
  const page = `BT /F1 24 Tf 72 700 Td (${line}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${page.length}>>stream\n${page}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    `<</Title(${title})>>`,
  ];
  const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join("");
  return `%PDF-1.4\n${body}trailer\n<</Root 1 0 R/Info 6 0 R/Size 7>>\n%%EOF\n`;
};

test("a PDF is read from any bytes, Buffers too; a title without a letter is none", async () => {
  const bytes = Buffer.from(pdfOf("Annual report", "Storks nest on roofs."));
  const { text, title, blocks } = await load({ name: "a.pdf", bytes });
  assert.deepEqual([text, title, blocks[0]?.page], ["Storks nest on roofs.", "Annual report", 1]);
  const numbered = await load({ name: "a.pdf", bytes: Buffer.from(pdfOf("0001018724-18-000005", "Net sales.")) });
  assert.notEqual(numbered.title, "0001018724-18-000005");
});

const refusals: readonly (readonly [name: string, content: string | Uint8Array, code: string, reason: RegExp])[] = [
  ["a.txt", "", "no_text", /empty/u],
  ["a.txt", " \n ", "no_text", /white space/u],
  ["a.docx", "not a zip", "unreadable", /name says DOCX/u],
  ["a.pdf", "%PDF-1.7 garbage", "unreadable", /damaged/u],
  ["a.bin", Uint8Array.from({ length: 256 }, (_, index) => index), "unsupported_type", /neither text/u],
  ["a.gz", Uint8Array.of(0x1f, 0x8b, 8, 0), "unsupported_type", /gzip/u],
];

for (const [name, content, code, reason] of refusals) {
  test(`${name} is refused as ${code}: ${reason.source}`, async () => {
    await assert.rejects(read(name, content), (error: { code: string; message: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, reason);
      assert.ok(error.message.includes(name));
      return true;
    });
  });
}

const data = process.env["HYBRIDRAG_JUDGED_DATA"] ?? join(process.cwd(), "../shared/data");
const manifestLine = z.object({ file: z.string(), expect: z.string(), expected_text: z.string().optional() });

test("the collected files: words are found, broken and encrypted ones refused, empty ones said to be empty", async (t) => {
  const folder = join(data, "documents");
  if (!existsSync(folder)) return t.skip("no collected documents: set HYBRIDRAG_JUDGED_DATA");
  const lines = (await readFile(join(folder, "manifest.jsonl"), "utf8")).split("\n").filter(Boolean);
  for (const { file, expect, expected_text } of lines.map((line) => manifestLine.parse(JSON.parse(line)))) {
    const bytes = Uint8Array.from(await readFile(join(folder, "files", file)));
    const result = await load({ name: file, bytes }).then(
      (document) => ({ document, code: null, message: "" }),
      (error: { code: string; message: string }) => ({ document: null, code: error.code, message: error.message }),
    );
    if (!result.document) assert.ok(result.message.includes(file), `${file}: ${result.message}`);
    if (expect === "text") {
      assert.ok(result.document, `${file}: ${result.message}`);
      assertOrdered(result.document, file);
      if (expected_text) assertWords(result.document.text, await readFile(join(folder, expected_text), "utf8"), file);
    } else if (expect === "password") assert.match(result.message, /encrypted/u, file);
    else if (expect === "error") assert.ok(result.code === "unreadable" || result.code === "unsupported_type", file);
    else if (expect.startsWith("empty")) assert.equal(result.code, "no_text", file);
  }
});

/** Blocks stand in the order of the text, inside it, and do not overlap; so do the rows of tables. */
function assertOrdered({ text, blocks, links }: LoadedDocument, file: string): void {
  let end = 0;
  for (const block of blocks) {
    assert.ok(
      block.start >= end && block.end > block.start && block.end <= text.length,
      `${file}: block at ${block.start}`,
    );
    for (const row of block.rows ?? []) assert.ok(row.start >= block.start && row.end <= block.end, `${file}: row`);
    end = block.end;
  }
  for (const link of links) assert.ok(link.start < link.end && link.end <= text.length, `${file}: link`);
  assert.ok(text.isWellFormed(), file);
}

function assertWords(text: string, expected: string, file: string): void {
  const wordsOf = (value: string): ReadonlySet<string> => new Set(value.toLowerCase().match(/[\p{L}\p{N}_]+/gu));
  const [found, wanted] = [wordsOf(text), wordsOf(expected)];
  const share = [...wanted].filter((word) => found.has(word)).length / wanted.size;
  assert.ok(share >= 0.9, `${file}: ${share} of the words`);
}
