import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { embedderContract } from "../../testing/contract/embedder-contract.ts";
import { localEmbedder, type LocalEmbedder, type LocalEmbedderOptions } from "./embedder.ts";
import { compareFingerprints } from "./fingerprint.ts";
import { forward } from "./forward.ts";
import { loadWeights } from "./load-weights.ts";
import { findModel } from "./model-files.ts";
import { multiplyPlainly } from "./multiply.ts";
import { parseTokenizerFile } from "./tokenizer-file.ts";
import { createTokenizer } from "./tokenizer.ts";

const cacheDir = await mkdtemp(join(tmpdir(), "hybridrag-embedder-"));
const opened: LocalEmbedder[] = [];
const open = async (options: Partial<LocalEmbedderOptions> = {}): Promise<LocalEmbedder> => {
  const embedder = await localEmbedder({ cacheDir, workers: 1, ...options });
  opened.push(embedder);
  return embedder;
};
after(async () => {
  await Promise.all(opened.map((embedder) => embedder.close()));
  await rm(cacheDir, { recursive: true });
});

for (const engine of ["onnx", "portable"] as const) {
  embedderContract({
    name: `the local embedder on its ${engine} engine`,
    async open() {
      const model = await open({ engine });
      return { model, dispose: () => model.close() };
    },
  });
}

const embedder = await open();
const embedOne = async (text: string, by = embedder): Promise<Float32Array> => {
  const { vectors } = await by.embed([text], { kind: "document" });
  return vectors[0]!;
};
const cosine = (left: Float32Array, right: Float32Array): number =>
  left.reduce((sum, value, at) => sum + value * right[at]!, 0);

const sentences = [
  "The capital of France is Paris.",
  "Paris is where the French government sits.",
  "Rye bread needs a sourdough starter and a hot oven.",
];

test("agrees with the same model computed in plain 32-bit floats", async () => {
  const { files, tokenizerJson } = await findModel({});
  const weights = await loadWeights(files);
  const tokenizer = createTokenizer(await parseTokenizerFile(tokenizerJson));
  for (const text of sentences) {
    const expected = forward(weights, tokenizer.encode(text, 256), "mean", multiplyPlainly);
    assert.ok(cosine(await embedOne(text), expected) >= 0.985);
  }
});

test("puts sentences of one meaning close together and others apart, at unit length", async () => {
  const [france, paris, bread] = (await embedder.embed(sentences, { kind: "document" })).vectors;
  assert.ok(cosine(france!, paris!) > 0.6);
  assert.ok(cosine(france!, bread!) < 0.2);
  for (const vector of [france!, paris!, bread!]) {
    assert.equal(vector.length, 384);
    assert.ok(Math.abs(cosine(vector, vector) - 1) < 1e-5);
  }
});

test("gives each text the same bits in any order, batch and number of workers", async () => {
  const texts = Array.from({ length: 24 }, (_, index) => `${sentences[index % 3]} `.repeat((index % 5) + 1) + index);
  const alone = new Map<string, Float32Array>();
  for (const text of texts) alone.set(text, await embedOne(text));
  const two = await open({ workers: 2 });
  const reversed = texts.toReversed();
  const { vectors } = await two.embed(reversed, { kind: "document" });
  assert.deepEqual(
    vectors,
    reversed.map((text) => alone.get(text)),
  );
});

test("cuts behind the last token that fits, and not before", async () => {
  const full = Array.from({ length: embedder.maxTokens }, () => "word").join(" ");
  assert.equal(embedder.countTokens(full), embedder.maxTokens);
  const short = full.slice(0, full.lastIndexOf(" "));
  assert.deepEqual(await embedOne(`${full} and nobody reads this`), await embedOne(full));
  assert.notDeepEqual(await embedOne(`${short} nobody`), await embedOne(full));
});

test("refuses a blank text and names it", async () => {
  const call = embedder.embed(["fine", " \n"], { kind: "query" });
  await assert.rejects(call, { code: "invalid_input", details: { path: "texts[1]" } });
});

test("an aborted call rejects with the reason and leaves the embedder usable", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const call = embedder.embed(
    Array.from({ length: 500 }, (_, index) => `text ${index}`),
    {
      kind: "document",
      signal: controller.signal,
    },
  );
  controller.abort(reason);
  await assert.rejects(call, reason);
  await assert.rejects(embedder.embed(["late"], { kind: "document", signal: controller.signal }), reason);
  assert.equal((await embedOne("still here")).length, 384);
});

test("a question overtakes passages that wait", async () => {
  const finished: string[] = [];
  const passages = embedder
    .embed(
      Array.from({ length: 100 }, () => sentences.join(" ")),
      { kind: "document" },
    )
    .then(() => finished.push("passages"));
  await embedder.embed(["who?"], { kind: "query" }).then(() => finished.push("question"));
  await passages;
  assert.deepEqual(finished, ["question", "passages"]);
});

test("closing refuses what waits and what comes later", async () => {
  const closing = await open();
  const waiting = assert.rejects(closing.embed(["one", "two", "three"], { kind: "document" }), { code: "conflict" });
  await closing.close();
  await waiting;
  await assert.rejects(closing.embed(["too late"], { kind: "query" }), { code: "conflict" });
});

test("builds the graph once, reads it afterwards, and builds it again when the file is damaged", async () => {
  const folder = await mkdtemp(join(cacheDir, "graph-"));
  const originOf = async (): Promise<string> => {
    const embedder = await open({ cacheDir: folder });
    assert.equal((await embedOne("works", embedder)).length, 384);
    return embedder.engine.origin;
  };
  assert.equal(await originOf(), "built");
  assert.equal(await originOf(), "cache");
  const names = await readdir(folder);
  assert.equal(names.length, 1);
  await truncate(join(folder, names[0]!), 1_000_000);
  assert.equal(await originOf(), "built");
  assert.equal(await originOf(), "cache");
});

test("works without a place to keep the graph", async () => {
  const path = join(cacheDir, "a-file");
  await writeFile(path, "not a folder");
  const embedder = await open({ cacheDir: path });
  assert.deepEqual(await embedOne(sentences[0]!, embedder), await embedOne(sentences[0]!));
});

test("the portable engine gives like vectors, says its type, and counts as the same family", async () => {
  const portable = await open({ engine: "portable" });
  assert.equal(portable.engine.engine, "portable");
  for (const text of sentences) {
    assert.ok(cosine(await embedOne(text), await embedOne(text, portable)) >= 0.985);
  }
  assert.equal(compareFingerprints(embedder.fingerprint, portable.fingerprint), "alike");
  assert.equal(compareFingerprints(embedder.fingerprint, embedder.fingerprint), "equal");
  assert.equal(compareFingerprints(embedder.fingerprint, "voyage:voyage-4:1024"), "different");
});

test("takes a model from a folder, with prefixes and first-token pooling of its own", async () => {
  const folder = await copyBundled();
  const own = await open({ folder, pooling: "cls", queryPrefix: "query: ", maxTokens: 64 });
  assert.equal(own.maxTokens, 64 - 2 - 2);
  const query = (await own.embed(["bread"], { kind: "query" })).vectors[0]!;
  assert.deepEqual(query, await embedOne("query: bread", own));
  assert.notDeepEqual(query, await embedOne("bread", own));
  assert.equal(compareFingerprints(own.fingerprint, embedder.fingerprint), "different");
});

test("refuses weights that are not the expected ones", async () => {
  const folder = await copyBundled();
  const path = join(folder, "model.safetensors");
  const bytes = await readFile(path);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(path, bytes);
  const { files } = await findModel({});
  const opening = open({ folder, weightsSha256: files.weightsSha256, cacheDir: null });
  await assert.rejects(opening, { code: "invalid_config" });
});

test("refuses a folder without a model, and settings that make no sense", async () => {
  await assert.rejects(open({ folder: cacheDir }), { code: "invalid_config" });
  await assert.rejects(open({ maxTokens: 2 }), { code: "invalid_config" });
  await assert.rejects(open({ workers: 0 }), { code: "invalid_config" });
});

async function copyBundled(): Promise<string> {
  const { files } = await findModel({});
  const from = dirname(files.weightsPath);
  const folder = await mkdtemp(join(cacheDir, "model-"));
  await copyFile(files.weightsPath, join(folder, "model.safetensors"));
  for (const name of ["config.json", "tokenizer.json"]) await copyFile(join(from, name), join(folder, name));
  return folder;
}
