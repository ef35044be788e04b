import assert from "node:assert/strict";
import { test } from "node:test";
import type { DocumentVersion } from "../../../ports/store.ts";
import type { NewChunk } from "../../../records.ts";
import { receivedVersion, sentVersion } from "./sent-version.ts";

const text = "Storks nest on roofs.\n\nThey leave in August.";
const document = {
  document_id: "storks",
  title: "Storks",
  source: "storks.md",
  mime: "text/markdown",
  content_hash: "x",
  metadata: { colour: "white" },
};
const chunk = (start: number, end: number, more: Partial<NewChunk> = {}): NewChunk => ({
  chunk_id: `${start}`,
  document_id: "storks",
  ordinal: 0,
  title: "Storks",
  source: "storks.md",
  content: text.slice(start, end),
  span: { start, end, page: null },
  heading_path: [],
  token_count: 4,
  metadata: document.metadata,
  embedding_hash: "y",
  vector: Float32Array.of(1, 0),
  ...more,
});
const version = (...chunks: readonly NewChunk[]): DocumentVersion => ({
  document,
  text,
  chunks,
  graph: { mentions: [], links: [], assertions: [] },
});

test("a version arrives as it was sent, whatever its chunks have of their own", () => {
  const odd = { document_id: "other", title: "", source: "else", content: "what the span does not say" };
  for (const sent of [
    version(chunk(0, 21), chunk(23, 44)),
    version(chunk(0, 21, odd), chunk(23, 44, { vector: null })),
  ])
    assert.deepEqual(receivedVersion(structuredClone(sentVersion(sent))), sent);
});

test("the text crosses once", () => {
  const [first] = sentVersion(version(chunk(0, 21))).chunks;
  for (const field of ["content", "title", "source", "document_id"]) assert.ok(!(field in first!), field);
});
