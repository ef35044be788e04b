import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "./config/config.ts";
import { openHybridRAG } from "./open.ts";
import { ownerScope } from "./scope.ts";
import { voyageStandin } from "./testing/standins/index.ts";

const scope = ownerScope("t");
const pond = (part: number): string =>
  `## Part ${part}\n\n${Array.from({ length: 24 }, (_, day) => `On day ${day} the pond of part ${part} held ${day * part} ducks.`).join(" ")}`;

test("an embedder that reads passages together is given whole documents, and again when one of its passages is new", async (t) => {
  const standin = await voyageStandin();
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-contextual-"));
  const settings = {
    ...standin.environment,
    HYBRIDRAG_DATA_DIR: folder,
    HYBRIDRAG_EMBEDDER: "voyage:voyage-context-4",
    HYBRIDRAG_RERANKER: "none",
  };
  const rag = await openHybridRAG(loadConfig({ environment: settings, directory: folder }).config, { access: "write" });
  t.after(async () => {
    await Promise.all([rag.close(), standin.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  const document = (...parts: readonly number[]) => ({
    source: "ponds.md",
    bytes: Buffer.from(parts.map(pond).join("\n\n")),
  });
  const other = { source: "tower.md", bytes: Buffer.from("The tower is 330 metres high.") };
  /** The groups of passages that an ingest sends. */
  const sentBy = async (...sources: Parameters<typeof rag.ingest>[1]): Promise<readonly (readonly string[])[]> => {
    const before = standin.journal.length;
    for await (const _event of rag.ingest(scope, sources, { cwd: "/" }));
    return standin.journal.slice(before).flatMap(({ path, body }) => {
      assert.equal(path, "/v1/contextualizedembeddings");
      return (body as { readonly inputs: readonly (readonly string[])[] }).inputs;
    });
  };

  const [ponds = [], tower = []] = (await sentBy(document(1, 2, 3), other)).toSorted((a, b) => b.length - a.length);
  assert.ok(ponds.length >= 3, `${ponds.length}`);
  assert.equal(tower.length, 1);
  assert.deepEqual(await sentBy(document(1, 2, 3), other), []);
  const [again = [], ...more] = await sentBy(document(1, 2, 4), other);
  assert.deepEqual([again.length, more], [ponds.length, []]);
  const unchanged = again.filter((passage) => ponds.includes(passage)).length;
  assert.ok(unchanged > 0 && unchanged < ponds.length, `${unchanged} of ${ponds.length}`);
  const { results } = await rag.search(scope, { query: "ducks of part 4", mode: "vector", top_k: 1 });
  assert.match(results[0]!.content, /part 4/);
});
