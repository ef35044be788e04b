import assert from "node:assert/strict";
import { test } from "node:test";
import { isHybridRAGError } from "../../errors.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("acme");

test("step-downs under writers and readers lose and double no acknowledged write, and errors are typed", async () => {
  const server = await startMongoServer({ members: 3, electionMs: 30 });
  const store = await openMongoStore({ uri: server.uri, timeoutMs: 20_000 });
  try {
    await store.prepare(contractIdentity);
    await store.sessions.open(scope, { sessionId: "s", ttlMs: 3_600_000 });
    const acknowledged: string[] = [];
    const failed: unknown[] = [];
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const id = `d${writer}-${round}`;
        try {
          await store.documents.put(scope, versionOf({ id, parts: [`${id} one`, `${id} two`] }));
          await store.sessions.append(scope, "s", [{ role: "user", content: id }]);
          acknowledged.push(id);
        } catch (error) {
          failed.push(error);
        }
        if (writer === 0 && round % 2 === 0) server.stepDown();
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    const state = { isDone: false };
    void writers.finally(() => {
      state.isDone = true;
    });
    const read = async (): Promise<void> => {
      while (!state.isDone) {
        try {
          const { documents, chunks } = await store.documents.count(scope);
          assert.equal(chunks, 2 * documents);
        } catch (error) {
          failed.push(error);
        }
      }
    };
    await Promise.all([writers, read(), read()]);
    assert.ok(failed.every(isHybridRAGError), String(failed.find((error) => !isHybridRAGError(error))));
    const listed = await store.documents.list(scope, { limit: 100 });
    const ids = new Set(listed.items.map((document) => document.document_id));
    for (const id of acknowledged) assert.ok(ids.has(id), `${id} was acknowledged and is lost`);
    assert.ok(listed.items.every((document) => document.version === 1 && document.chunks === 2));
    const messages = await store.sessions.messages(scope, "s", {});
    assert.deepEqual(
      messages.map(({ sequence }) => sequence),
      messages.map((_, index) => index + 1),
    );
    const said = messages.map(({ content }) => content);
    assert.equal(new Set(said).size, said.length);
    for (const id of acknowledged) assert.ok(said.includes(id));
    assert.ok(acknowledged.length > 40, `only ${acknowledged.length} of 48 writes came through: ${String(failed[0])}`);
  } finally {
    await store.close();
    await server.close();
  }
});
