import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openMongoStore, searchStage, shapeOf, textIndex, vectorIndex, vectorSearchStage } from "./mongodb.ts";
import { ownerScope } from "./scope.ts";
import { contractIdentity } from "./testing/contract/case.ts";
import { versionOf } from "./testing/contract/examples.ts";
import { startMongoServer } from "./testing/mongodb/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the example of a search by hand runs as it stands, in a project that depends on the package", async (t) => {
  const server = await startMongoServer({});
  t.after(() => server.close());
  const store = await openMongoStore({ uri: server.uri });
  await store.prepare(contractIdentity);
  const version = versionOf({ id: "a", title: "Cliffs", parts: ["Kittiwake nests were counted."] });
  await store.documents.put(ownerScope("default"), version);
  await store.settle();
  await store.close();
  const folder = await mkdtemp(join(tmpdir(), "hybridrag-mongodb-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), "{}");
  await symlink(root, join(folder, "node_modules", "hybridrag"), "dir");
  await symlink(join(root, "node_modules", "mongodb"), join(folder, "node_modules", "mongodb"), "dir");
  const page = await readFile(join(root, "docs", "mongodb.md"), "utf8");
  await writeFile(join(folder, "example.mjs"), /^```ts\n([^]*?)^```/mu.exec(page)![1]!);
  const env = { ...process.env, ...server.environment };
  const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder, env });
  assert.equal(stdout, "Cliffs\n");
});

test("a pipeline that the server would answer with silence is refused with the path of the fault", () => {
  const text = shapeOf(textIndex({ dimensions: 8 }));
  const unmapped = { equals: { path: "metadata.color", value: "red" } };
  assert.throws(() => searchStage(unmapped, text), { code: "invalid_input", message: /metadata\.color/ });
  const vectors = shapeOf(vectorIndex({ dimensions: 8 }));
  const search = { vector: new Float32Array(4).fill(0.5), limit: 5, filter: {}, allowed: null };
  assert.throws(() => vectorSearchStage(search, vectors), { message: /8 dimensions are expected, not 4/ });
});
