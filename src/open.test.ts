import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig, type Config } from "./config/config.ts";
import { openHybridRAG } from "./open.ts";
import { ownerScope } from "./scope.ts";
import { openEmbeddedStore } from "./stores/embedded/index.ts";

const folder = await mkdtemp(join(tmpdir(), "hybridrag-open-"));
after(() => rm(folder, { recursive: true }));

const configOf = (name: string): Config =>
  loadConfig({ flags: { data_dir: join(folder, name), cache_dir: join(folder, "cache"), embedder_workers: 1 } }).config;

/** Opens an index with one document whose embedder is called otherwise than the one that will open it. */
async function openAs(name: string, access: "read" | "write", rename: (embedder: string) => string) {
  const fresh = await openHybridRAG(configOf(name), { access: "write" });
  const { identity } = await fresh.store.health();
  await fresh.close();
  const store = await openEmbeddedStore({ directory: join(folder, name) });
  await store.prepare({ ...identity!, embedder: rename(identity!.embedder) });
  const document = { document_id: "d", title: "", source: "d", mime: "text/plain", content_hash: "h", metadata: {} };
  const chunk = {
    chunk_id: "c",
    document_id: "d",
    ordinal: 0,
    title: "",
    source: "d",
    content: "Ducks swim.",
    metadata: {},
    span: { start: 0, end: 11, page: null },
    heading_path: [],
    token_count: 3,
    vector: null,
    embedding_hash: "h",
  };
  const graph = { mentions: [], links: [], assertions: [] };
  await store.documents.put(ownerScope("default"), { document, text: chunk.content, chunks: [chunk], graph });
  await store.close();
  return openHybridRAG(configOf(name), { access });
}

for (const access of ["write", "read"] as const) {
  test(`opens to ${access} an index whose vectors are of the same model in another type, and says so`, async () => {
    const rag = await openAs(`alike-${access}`, access, (embedder) => embedder.replace(/:int\d$/, ":fp32"));
    assert.deepEqual(
      rag.notices.map(({ code }) => code),
      ["mixed_vectors"],
    );
    await rag.close();
  });

  test(`refuses to ${access} an index of another model`, async () => {
    const opening = openAs(`other-${access}`, access, () => "voyage:voyage-4:384");
    await assert.rejects(opening, { code: "index_mismatch" });
  });
}
