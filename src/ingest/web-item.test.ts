import assert from "node:assert/strict";
import { test } from "node:test";
import type { PageFetcher } from "../ports/page-fetcher.ts";
import { discover } from "./sources.ts";

const page = new TextEncoder().encode("<p>Puffins nest here.</p>");
const limits = { maxFileBytes: 100 };

function web(mime: string | null) {
  const asked: string[] = [];
  const fetchPage: PageFetcher = async ({ href }) => {
    asked.push(href);
    return { bytes: page, mime };
  };
  return { asked, options: { tenant: "t", cwd: "/", metadata: {}, fetchPage } };
}

test("an address is a source: it is fetched when it is read, and keeps its identity", async () => {
  const { asked, options } = web("text/html");
  const { items } = await discover(["https://example.org/birds/page.php?id=1"], options);
  assert.deepEqual(asked, []);
  const [item] = items;
  assert.equal(item!.source, "https://example.org/birds/page.php?id=1");
  const content = await item!.read(limits);
  assert.deepEqual([content.bytes, content.mime, content.name], [page, "text/html", "page.php.html"]);
  const [again] = (await discover([{ source: item!.source }], options)).items;
  assert.equal(again!.document_id, item!.document_id);
  assert.equal((await again!.read(limits)).hash, content.hash);
});

test("what is no page keeps the name that says its format", async () => {
  const { options } = web("application/octet-stream");
  const sources = ["http://example.org/a%20report.pdf", "http://example.org", "HTTPS://example.org/%E0%A4%A"];
  const { items } = await discover(sources, options);
  assert.deepEqual(
    items.map(({ name }) => name),
    ["a report.pdf", "example.org", "%E0%A4%A"],
  );
  assert.equal((await items[0]!.read(limits)).name, undefined);
});

test("a password is neither sent nor shown, and without a fetcher nothing is fetched", async () => {
  const { asked, options } = web(null);
  const { items, missing } = await discover(["http://ann:secret@example.org/"], options);
  assert.deepEqual([items, missing[0]!.path, asked], [[], "http://example.org/", []]);
  await assert.rejects(discover([{ source: "http://ann:secret@example.org/" }], options), { code: "invalid_input" });
  await assert.rejects(discover([{ source: "notes.md" }], options), { code: "invalid_input" });
  const { items: unread } = await discover(["http://example.org/"], { ...options, fetchPage: undefined });
  await assert.rejects(unread[0]!.read(limits), { code: "unreadable" });
});
