import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HybridRAGError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { Extractor } from "../ports/extractor.ts";
import { ownerScope } from "../scope.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { countWords } from "./chunk/chunk-document.ts";
import { ingest, type IngestDependencies, type IngestOptions } from "./ingest.ts";
import type { FileResult, IngestEvent, IngestSummary } from "./ingest-events.ts";
import { loadPool, type LoadPool } from "./load/load-pool.ts";
import type { IngestSource } from "./sources.ts";

let pool: LoadPool;
let folder: string;
before(async () => {
  pool = loadPool({ workers: 1 });
  folder = await mkdtemp(join(tmpdir(), "hybridrag-ingest-"));
});
after(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

/** Vectors that depend on the text alone, and a record of what was embedded. */
function fakeEmbedder(
  fail?: () => Error | null,
): Embedder & { readonly embedded: string[]; readonly batches: number[] } {
  const embedded: string[] = [];
  const batches: number[] = [];
  return {
    embedded,
    batches,
    fingerprint: "fake@4",
    model: "fake",
    dimensions: 4,
    maxTokens: 60,
    languages: "multi",
    limits: { items: 8, tokens: 2_000, parallel: 1 },
    countTokens: countWords,
    embed: async (texts) => {
      const error = fail?.();
      if (error) throw error;
      embedded.push(...texts);
      batches.push(texts.length);
      return {
        vectors: texts.map((text) => Float32Array.of(text.length, 1, 0, 0).map((x) => x / Math.hypot(text.length, 1))),
        tokens: 0,
      };
    },
    close: async () => undefined,
  };
}

interface Ran {
  readonly files: readonly FileResult[];
  readonly events: readonly IngestEvent[];
  readonly summary: IngestSummary;
}

const scope = ownerScope("acme");
const dependencies = (changes: Partial<IngestDependencies> = {}): IngestDependencies => ({
  store: openMemoryStore(),
  embedder: fakeEmbedder(),
  extractor: null,
  pool,
  now: () => performance.now(),
  ...changes,
});

async function run(
  sources: readonly IngestSource[],
  given: IngestDependencies,
  options: Partial<IngestOptions> = {},
): Promise<Ran> {
  const events: IngestEvent[] = [];
  for await (const event of ingest(sources, given, { scope, cwd: folder, ...options })) events.push(event);
  const last = events.at(-1);
  assert.ok(last?.type === "summary");
  const files = events.flatMap((event) => (event.type === "file" ? [event.result] : []));
  return { files, events, summary: last.summary };
}

async function makeFolder(name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    await mkdir(join(path, file, ".."), { recursive: true });
    await writeFile(join(path, file), content);
  }
  return path;
}

const outcomes = (files: readonly FileResult[]): Record<string, string> =>
  Object.fromEntries(files.map((file) => [file.path.split("/").at(-1) ?? "", file.outcome]));

test("every file gets an outcome, bad ones a reason that names them, and none stops the others", async () => {
  const path = await makeFolder("mixed", {
    "good.md": "# Hello\n\nA paragraph.",
    "empty.txt": "",
    "blank.txt": " \n\t",
    "random.bin": Uint8Array.from({ length: 300 }, (_, index) => (index * 7919) % 256),
    "broken.docx": "not a zip",
    ".hidden.txt": "hidden",
    "node_modules/dep.md": "skipped",
    "deep/er/note.txt": "A note.",
  });
  const { files, summary } = await run([path], dependencies());
  assert.deepEqual(outcomes(files), {
    "good.md": "indexed",
    "note.txt": "indexed",
    "empty.txt": "empty",
    "blank.txt": "empty",
    "random.bin": "refused",
    "broken.docx": "refused",
  });
  for (const file of files) {
    if (file.outcome === "indexed") assert.equal(file.reason, null);
    else assert.ok(file.reason?.includes(file.path.split("/").at(-1) ?? ""), file.reason ?? "no reason");
  }
  assert.equal(summary.documents, 2);
});

test("stored chunks are slices of the stored text and carry the source in their metadata", async () => {
  const path = await makeFolder("slices", { "a.md": "# One\n\nText of one.\n\n## Two\n\nText of two." });
  const given = dependencies();
  const { files } = await run([path], given, { metadata: { category: "x", source: "forged" } });
  const id = files[0]?.document_id ?? "";
  const text = await given.store.documents.text(scope, id);
  const chunks = await given.store.chunks.ofDocument(scope, id);
  assert.ok(chunks.length > 0);
  for (const { span, content, metadata } of chunks) {
    assert.equal(text?.slice(span.start, span.end), content);
    assert.deepEqual(metadata, { category: "x", source: join(path, "a.md") });
  }
});

test("an unchanged file is neither read by a reader nor embedded", async () => {
  const path = await makeFolder("unchanged", { "a.txt": "Some text." });
  const store = openMemoryStore();
  await run([path], dependencies({ store }));
  const embedder = fakeEmbedder();
  const refusing: LoadPool = { ...pool, load: () => Promise.reject(new Error("must not be called")) };
  const { files } = await run([path], dependencies({ store, embedder, pool: refusing }));
  assert.deepEqual(
    files.map((file) => [file.outcome, file.chunks]),
    [["unchanged", 1]],
  );
  assert.deepEqual(embedder.embedded, []);
});

test("the same file is the same document from another working directory and another spelling", async () => {
  const path = await makeFolder("spelling", { "a.txt": "Some text." });
  const given = dependencies();
  const first = await run(["spelling/a.txt"], given);
  const second = await run(["../spelling/./a.txt"], given, { cwd: path });
  assert.equal(second.files[0]?.document_id, first.files[0]?.document_id);
  assert.equal(second.files[0]?.outcome, "unchanged");
});

const paragraphs = Array.from(
  { length: 30 },
  (_, index) => `Paragraph ${index} says ${"more ".repeat(20 + (index % 7))}about ${index}.`,
);

test("a changed file embeds only the chunks that changed", async () => {
  const path = await makeFolder("changed", { "a.txt": paragraphs.join("\n\n") });
  const store = openMemoryStore();
  const first = await run([path], dependencies({ store }));
  await writeFile(join(path, "a.txt"), ["A first paragraph, new.", ...paragraphs].join("\n\n"));
  const embedder = fakeEmbedder();
  const { files, summary } = await run([path], dependencies({ store, embedder }));
  assert.equal(files[0]?.outcome, "updated");
  assert.ok((first.files[0]?.chunks ?? 0) > 10);
  assert.ok(summary.embedded <= 3, `${summary.embedded} chunks embedded again`);
});

test("changed metadata updates the document without a new vector", async () => {
  const store = openMemoryStore();
  const document = { source: "memo", text: "A memo." };
  await run([document], dependencies({ store }));
  const { files, summary } = await run([{ ...document, metadata: { year: 2026 } }], dependencies({ store }));
  assert.equal(files[0]?.outcome, "updated");
  assert.equal(summary.embedded, 0);
});

test("small documents share batches", async () => {
  const embedder = fakeEmbedder();
  const documents = Array.from({ length: 64 }, (_, index) => ({ source: `doc ${index}`, text: `Text ${index}.` }));
  await run(documents, dependencies({ embedder }));
  assert.equal(embedder.embedded.length, 64);
  assert.ok(embedder.batches.length <= 12, `${embedder.batches.length} batches for 64 texts of 8 a batch`);
});

test("a document given in memory keeps its id, its title and, when it has no text, its title as text", async () => {
  const given = dependencies();
  const { files } = await run([{ document_id: "7", source: "cacm", title: "A title only", text: "" }], given);
  assert.deepEqual([files[0]?.document_id, files[0]?.outcome], ["7", "indexed"]);
  assert.equal(await given.store.documents.text(scope, "7"), "A title only");
});

test("bytes from standard input go through a reader", async () => {
  const bytes = new TextEncoder().encode("# From a pipe\n\nText.");
  const given = dependencies();
  const { files } = await run([{ source: "stdin", bytes, mime: "text/markdown" }], given);
  const stored = await given.store.documents.get(scope, files[0]?.document_id ?? "");
  assert.deepEqual([stored?.title, stored?.mime], ["From a pipe", "text/markdown"]);
});

test("a vanished file is reported and kept; with prune it is deleted", async () => {
  const path = await makeFolder("vanishing", { "a.txt": "Stays.", "b.txt": "Goes." });
  const given = dependencies();
  await run([path], given);
  await rm(join(path, "b.txt"));
  const vanished = (ran: Ran) => ran.events.filter((event) => event.type === "vanished");
  const kept = await run([path], given);
  assert.deepEqual(
    vanished(kept).map((event) => [event.path, event.pruned]),
    [[join(path, "b.txt"), false]],
  );
  assert.equal((await given.store.documents.count(scope)).documents, 2);
  const pruned = await run([path], given, { prune: true });
  assert.deepEqual(
    vanished(pruned).map((event) => event.pruned),
    [true],
  );
  assert.equal((await given.store.documents.count(scope)).documents, 1);
});

test("a path or pattern that leads to nothing is a failed file", async () => {
  const { files } = await run(["nowhere.txt", "nothing/*.md"], dependencies());
  assert.deepEqual(
    files.map((file) => [file.outcome, file.reason]),
    [
      ["failed", "nowhere.txt does not exist."],
      ["failed", "No file matches nothing/*.md."],
    ],
  );
});

test("a provider that is down fails the file, not the run", async () => {
  let calls = 0;
  const embedder = fakeEmbedder(() =>
    calls++ === 0 ? new HybridRAGError("provider_failed", "The provider is down.") : null,
  );
  const given = dependencies({ embedder });
  const first = await run([{ source: "one", text: "First." }], given);
  assert.deepEqual(
    first.files.map((file) => [file.outcome, file.reason]),
    [["failed", "one: The provider is down."]],
  );
  const second = await run([{ source: "one", text: "First." }], given);
  assert.equal(second.files[0]?.outcome, "indexed");
});

test("a rejected key stops the run with the error", async () => {
  const embedder = fakeEmbedder(() => new HybridRAGError("unauthorized", "The key is wrong."));
  const documents = Array.from({ length: 5 }, (_, index) => ({ source: `doc ${index}`, text: "Text." }));
  await assert.rejects(run(documents, dependencies({ embedder })), { code: "unauthorized" });
});

test("an abort ends the run with a summary; what was reported is stored and the next run goes on", async () => {
  const documents = Array.from({ length: 300 }, (_, index) => ({
    source: `doc ${index}`,
    text: `Text number ${index}.`,
  }));
  const given = dependencies();
  const abort = new AbortController();
  const done: string[] = [];
  let last: IngestEvent | undefined;
  for await (const event of ingest(documents, given, { scope, cwd: folder, signal: abort.signal })) {
    last = event;
    if (event.type === "file") done.push(event.result.document_id);
    if (done.length === 10) abort.abort();
  }
  assert.ok(last?.type === "summary" && last.summary.interrupted);
  for (const id of done) assert.ok(await given.store.documents.get(scope, id));
  const next = await run(documents, given);
  assert.ok(next.summary.outcomes.unchanged >= 10);
  assert.equal((await given.store.documents.count(scope)).documents, 300);
});

test("leaving the loop early stops the work", async () => {
  const documents = Array.from({ length: 300 }, (_, index) => ({
    source: `doc ${index}`,
    text: `Text number ${index}.`,
  }));
  const given = dependencies();
  for await (const event of ingest(documents, given, { scope, cwd: folder })) if (event.type === "file") break;
  const { documents: stored } = await given.store.documents.count(scope);
  assert.ok(stored >= 1 && stored < 300, `${stored} stored`);
});

test("the extractor sees the passages with the links of the format, resolved beside the file", async () => {
  const seen: Parameters<Extractor["extract"]>[0][number][] = [];
  const extractor: Extractor = {
    fingerprint: "fake",
    extract: async (passages) => {
      seen.push(...passages);
      return { passages: passages.map(({ links }) => ({ mentions: [], links, assertions: [] })), failed: 0 };
    },
    close: async () => undefined,
  };
  const path = await makeFolder("links", {
    "a.md":
      "See [the other](./sub/b.md#part) and [the web](https://example.com/x), as cited.[^1]\n\n[^1]: The note says more.",
  });
  await run([path], dependencies({ extractor }));
  assert.deepEqual(
    seen.flatMap((passage) => passage.links.map((link) => link.target)),
    [
      `${join(path, "sub/b.md")}#part`,
      "https://example.com/x",
      `${join(path, "a.md")}#cite-^1`,
      `${join(path, "a.md")}#cite-^1`,
    ],
  );
});

test("progress ends at the total, and the summary counts every outcome", async () => {
  const documents = Array.from({ length: 20 }, (_, index) => ({
    source: `doc ${index}`,
    text: index % 5 === 0 ? " " : "Text.",
  }));
  const { events, summary } = await run(documents, dependencies());
  const progress = events.flatMap((event) => (event.type === "progress" ? [event.progress] : [])).at(-1);
  assert.deepEqual([progress?.done, progress?.total], [20, 20]);
  assert.deepEqual([summary.outcomes.indexed, summary.outcomes.empty], [16, 4]);
});

test("passages that a language model could not read are counted, told of document by document, and stay", async () => {
  const extractor: Extractor = {
    fingerprint: "fake",
    extract: async (passages) => ({
      passages: passages.map(() => ({ mentions: [], links: [], assertions: [] })),
      failed: passages.some(({ content }) => content.includes("odd")) ? 1 : 0,
    }),
    close: async () => undefined,
  };
  const documents = ["odd one", "plain", "odd two"].map((text) => ({ source: text, text }));
  const { events, summary } = await run(documents, dependencies({ extractor }));
  assert.deepEqual([summary.unread_passages, summary.outcomes.indexed], [2, 3]);
  const told = events.flatMap((event) => (event.type === "warning" ? [event.warning.code] : []));
  assert.deepEqual(told, ["extraction_incomplete", "extraction_incomplete"]);
});
