import assert from "node:assert/strict";
import { test } from "node:test";
import type { Embedder } from "../ports/embedder.ts";
import { chunkDocument } from "./chunk/chunk-document.ts";
import { chunkerOptions } from "./document-version.ts";
import { textDocument } from "./load/load-text.ts";

test("what a tokenizer takes for one unknown word is still cut into small passages", () => {
  const oneTokenAWord = { countTokens: (text: string) => text.split(/\s+/).length, maxTokens: 256 } as Embedder;
  const described = { tenant: "t", document_id: "d", title: "Dump", source: "dump.txt", metadata: {} };
  const text = "กขค".repeat(20_000);
  const steps = chunkDocument(textDocument(text, "text/plain"), described, chunkerOptions(oneTokenAWord, {}));
  for (;;) {
    const { done, value } = steps.next();
    if (!done) continue;
    assert.equal(value.map(({ content }) => content).join(""), text);
    assert.ok(value.every(({ content, token_count }) => content.length <= 4096 && Number.isInteger(token_count)));
    return;
  }
});
