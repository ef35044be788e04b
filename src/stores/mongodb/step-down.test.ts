import assert from "node:assert/strict";
import { test } from "node:test";
import { isHybridRAGError } from "../../errors.ts";
import { ownerScope } from "../../scope.ts";
import { contractIdentity } from "../../testing/contract/case.ts";
import { versionOf } from "../../testing/contract/examples.ts";
import { startMongoServer } from "../../testing/mongodb/index.ts";
import { openMongoStore } from "./index.ts";

const scope = ownerScope("acme");

/** With HYBRIDRAG_FULL=1 sixteen of each for a minute, and a step-down every two seconds; else a few for moments. */
const isFull = process.env["HYBRIDRAG_FULL"] === "1";
const scale = isFull
  ? { writers: 16, readers: 16, runMs: 60_000, stepDownMs: 2000 }
  : { writers: 8, readers: 4, runMs: 1500, stepDownMs: 400 };
const timeoutMs = 20_000;
/** What a typed error may be late by: the machine is busy. */
const graceMs = 2000;

test("step-downs under writers and readers lose and double no acknowledged write, and errors are typed", async (t) => {
  const server = await startMongoServer({ members: 3, electionMs: 30 });
  const store = await openMongoStore({ uri: server.uri, timeoutMs });
  try {
    await store.prepare(contractIdentity);
    await store.sessions.open(scope, { sessionId: "s", ttlMs: 3_600_000 });
    const acknowledged: string[] = [];
    const failed: unknown[] = [];
    let slowestMs = 0;
    let reads = 0;
    const end = performance.now() + scale.runMs;
    const stepping = setInterval(() => server.stepDown(), scale.stepDownMs);
    const timed = async <T>(work: () => Promise<T>): Promise<T | null> => {
      const started = performance.now();
      try {
        return await work();
      } catch (error) {
        failed.push(error);
        return null;
      } finally {
        slowestMs = Math.max(slowestMs, performance.now() - started);
      }
    };
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; performance.now() < end; round++) {
        const id = `d${writer}-${round}`;
        const put = () => store.documents.put(scope, versionOf({ id, parts: [`${id} one`, `${id} two`] }));
        const say = () => store.sessions.append(scope, "s", [{ role: "user", content: id }]);
        if ((await timed(put)) !== null && (await timed(say)) !== null) acknowledged.push(id);
      }
    };
    const read = async (): Promise<void> => {
      while (performance.now() < end) {
        const counted = await timed(() => store.documents.count(scope));
        if (counted === null) continue;
        reads += 1;
        assert.equal(counted.chunks, 2 * counted.documents);
      }
    };
    await Promise.all([
      ...Array.from({ length: scale.writers }, (_, writer) => write(writer)),
      ...Array.from({ length: scale.readers }, read),
    ]);
    clearInterval(stepping);
    t.diagnostic(
      `${acknowledged.length} writes, ${reads} reads, ${failed.length} errors, slowest ${slowestMs.toFixed(0)} ms`,
    );
    assert.ok(slowestMs < 10 * timeoutMs + graceMs);
    assert.ok(failed.every(isHybridRAGError), String(failed.find((error) => !isHybridRAGError(error))));
    const ids = new Set<string>();
    for (let cursor: string | null = null; ;) {
      const page: Awaited<ReturnType<typeof store.documents.list>> = await store.documents.list(scope, {
        limit: 500,
        cursor,
      });
      assert.ok(page.items.every((document) => document.version === 1 && document.chunks === 2));
      for (const { document_id } of page.items) ids.add(document_id);
      cursor = page.next;
      if (cursor === null) break;
    }
    for (const id of acknowledged) assert.ok(ids.has(id), `${id} was acknowledged and is lost`);
    const messages = await store.sessions.messages(scope, "s", {});
    assert.deepEqual(
      messages.map(({ sequence }) => sequence),
      messages.map((_, index) => index + 1),
    );
    const said = messages.map(({ content }) => content);
    assert.equal(new Set(said).size, said.length);
    for (const id of acknowledged) assert.ok(said.includes(id));
    assert.ok(
      acknowledged.length >= scale.writers / 2,
      `only ${acknowledged.length} writes came through: ${String(failed[0])}`,
    );
  } finally {
    await store.close();
    await server.close();
  }
});
