import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesOfDocument, addressOfFile, addressOfLink } from "./addresses.ts";

const hyperlink = (target: string, source: string): string | null =>
  addressOfLink({ kind: "hyperlink", target }, source);

test("a relative link means the file beside the document, and keeps the place in it", () => {
  const source = "/docs/guide/start.md";
  assert.equal(hyperlink("./install.md", source), "/docs/guide/install.md");
  assert.equal(hyperlink("../api.md#the-client", source), "/docs/api.md#the-client");
  assert.equal(hyperlink("my%20page.md#caf%C3%A9", source), "/docs/guide/my page.md#café");
  assert.equal(hyperlink("50%.md", source), "/docs/guide/50%.md");
  assert.equal(hyperlink("#next-steps", source), "/docs/guide/start.md#next-steps");
  assert.equal(hyperlink("#", source), null);
});

test("links are seen from where the document lies: a site, a folder, a bare name", () => {
  assert.equal(hyperlink("../b#c", "https://host.example/x/y/a"), "https://host.example/x/b#c");
  assert.equal(hyperlink("/b", "https://host.example/x/y/a"), "https://host.example/b");
  assert.equal(hyperlink("https://other.example/b", "/docs/a.md"), "https://other.example/b");
  assert.equal(hyperlink("../b.md#c", "notes/deep/a.md"), "notes/b.md#c");
  assert.equal(hyperlink("b.md", "a.md"), "b.md");
});

test("a place of the page belongs to its source, any other place stands for itself", () => {
  assert.equal(addressOfLink({ kind: "anchor", target: "#install" }, "/docs/a.md"), "/docs/a.md#install");
  assert.equal(addressOfLink({ kind: "anchor", target: "<1@host>" }, "/mail/a.eml"), "<1@host>");
  assert.equal(addressOfLink({ kind: "reply", target: "<1@host>" }, "/mail/b.eml"), "<1@host>");
});

test("a file in running text is the one beside, or the end of a path", () => {
  assert.equal(addressOfFile("../graph/hop", "/repo/src/query/leg.ts"), "/repo/src/graph/hop");
  assert.equal(addressOfFile("src/graph/hop.ts", "/repo/README.md"), "src/graph/hop.ts");
  assert.equal(addressOfFile("./b.md", "notes"), "b.md");
});

test("a document is reached by ends of its path and by the ticket that it is", () => {
  const of = (source: string, title = "Anything") => addressesOfDocument({ source, title });
  assert.deepEqual(of("/repo/src/graph/hop.ts"), [
    "hop.ts",
    "graph/hop.ts",
    "src/graph/hop.ts",
    "hop",
    "graph/hop",
    "src/graph/hop",
    "/repo/src/graph/hop",
  ]);
  assert.deepEqual(of("https://host.example/issues/41?tab=1"), ["#41"]);
  assert.deepEqual(of("d1", "Issue #12: it fails"), ["#12"]);
  assert.deepEqual(of("d1", "[OPS-7] Disk is full"), ["ops 7"]);
  assert.deepEqual(of("d1", "Plan of 2026"), []);
});

test("a page is reached without its ending, by its folder if it is the first, and by its names in a wiki", () => {
  const of = (source: string, title: string) =>
    addressesOfDocument({ source, title }).filter((one) => !one.endsWith(".md"));
  assert.deepEqual(of("/docs/guide/index.md", "The Guide"), [
    "/docs/guide/index",
    "/docs/guide",
    "wiki:index",
    "wiki:guide",
  ]);
  assert.deepEqual(of("/docs/Hooks.md", "Hooks"), ["/docs/Hooks", "wiki:hooks"]);
});
