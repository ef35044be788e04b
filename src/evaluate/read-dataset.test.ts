import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { readDataset } from "./read-dataset.ts";

const base = mkdtempSync(join(tmpdir(), "hybridrag-dataset-"));
after(() => rmSync(base, { recursive: true }));

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(base, name);
  mkdirSync(join(path, "qrels"), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(path, file), file.endsWith(".gz") ? gzipSync(text) : text);
  }
  return path;
}

const corpus = `{"_id":"d1","title":"T","text":"one","metadata":{"lat":1.5,"lon":-2}}\n\n{"_id":"d2","text":"two"}\n`;

test("reads plain and packed files, judgements under a header, scopes and answers", async () => {
  const dataset = await readDataset(
    folder("birds", {
      "corpus.jsonl.gz": corpus,
      "queries.jsonl": `{"_id":"q1","text":"where","answer":"Bern","metadata":{"scope":"s1","answer_aliases":["Berne"]}}`,
      "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n",
    }),
  );
  assert.equal(dataset.name, "birds");
  assert.deepEqual(dataset.documents[0]?.metadata["location"], { type: "Point", coordinates: [-2, 1.5] });
  assert.deepEqual(dataset.documents[1], { document_id: "d2", title: "", text: "two", metadata: {} });
  const [query] = dataset.queries;
  assert.deepEqual(query?.filter, { op: "eq", field: "metadata.scope", value: "s1" });
  assert.deepEqual(
    [...query.judgements],
    [
      ["d1", 2],
      ["d2", 0],
    ],
  );
  assert.deepEqual(query.answers, ["Bern", "Berne"]);
});

test("a folder without a corpus is refused", async () => {
  await assert.rejects(readDataset(folder("empty", {})), { code: "invalid_input" });
});

test("a broken line is named", async () => {
  const path = folder("broken", { "corpus.jsonl": `${corpus}{"_id":"d3"` });
  await assert.rejects(readDataset(path), { code: "invalid_input", message: /corpus\.jsonl, line 4 / });
  const wrong = folder("wrong", { "corpus.jsonl": corpus, "qrels.tsv": "query-id\tcorpus-id\tscore\nq1 d1 1\n" });
  await assert.rejects(readDataset(wrong), { message: /qrels\.tsv, line 2 / });
});
