import assert from "node:assert/strict";
import { test } from "node:test";
import { plainWords } from "./plain-words.ts";

test("of Markdown the words are left, of a link its label", () => {
  const text =
    "# Plan\n\n- **Read** [the page](https://x.org/wiki/Mercury_(planet)), ![a map](m.png)\n```\nlet x;\n```\nDone.";
  assert.equal(plainWords(text), "Plan Read the page, a map Done.");
  assert.equal(plainWords("```\nlet x;\n```"), "```\nlet x;\n```");
  assert.equal(plainWords("a[0][1] (see [2])"), "a[0][1] (see [2])");
});

test("the longest message takes no longer for brackets that nothing closes", () => {
  for (const piece of ["[", "[a](", "[a](b(", "![", "[a](()", "[]"]) {
    const began = process.cpuUsage();
    plainWords(piece.repeat(100_000 / piece.length));
    const { user } = process.cpuUsage(began);
    assert.ok(user < 500_000, `${piece}: ${user} µs`);
  }
});
