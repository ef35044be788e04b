import assert from "node:assert/strict";
import type { IndexGenerations, MadeChunk, PendingMemory, ShadowIndex } from "../../ports/shadow-index.ts";
import type { IndexIdentity, Store } from "../../ports/store.ts";
import type { Scope } from "../../scope.ts";
import { contractIdentity, type ContractCase, type World } from "./case.ts";
import { atAngle, versionOf } from "./examples.ts";
import { rejectsWith } from "./expect.ts";

const other: IndexIdentity = { embedder: "other", dimensions: 4, chunker: "contract" };

const generationsOf = (store: Store): IndexGenerations =>
  (store as Store & { readonly generations: IndexGenerations }).generations;

/** Another model's vector of a text: words and their count, as far as these cases need them. */
const newVector = (text: string): Float32Array =>
  Float32Array.from([text.includes("walrus") ? 1 : 0, text.includes("otter") ? 1 : 0, text.length / 100, 1]);

/** Keeps new vectors of what is pending, of at most so many chunks. */
async function embed(shadow: ShadowIndex, most = Infinity): Promise<number> {
  let kept = 0;
  for (let after: string | number | null = null; kept < most;) {
    const rows: Awaited<ReturnType<ShadowIndex["chunks"]>> = await shadow.chunks(after, Math.min(2, most - kept));
    if (rows.length === 0) break;
    after = rows.at(-1)!.chunk_key;
    const made = rows.map(({ chunk_key, content }): MadeChunk => ({
      chunk_key,
      embedding_hash: `new ${content}`,
      vector: newVector(content),
      isCut: content.includes("otter"),
    }));
    await shadow.keep({ chunks: made });
    kept += rows.length;
  }
  if (most < Infinity) return kept;
  for (let after: PendingMemory | null = null; ;) {
    const rows: readonly PendingMemory[] = await shadow.memories(after, 1);
    if (rows.length === 0) return kept;
    after = rows.at(-1)!;
    await shadow.keep({ memories: rows.map((memory) => ({ memory, vector: newVector(memory.content) })) });
  }
}

const put = (store: Store, scope: Scope, id: string, parts: readonly string[]) =>
  store.documents.put(scope, versionOf({ id, parts, vectors: parts.map((_part, index) => atAngle(10 * index)) }));

const remember = (store: Store, scope: Scope, memory_id: string, content: string) =>
  store.memories.put(scope, {
    memory_id,
    agent_id: "a",
    type: "fact",
    content,
    importance: 0.5,
    metadata: {},
    vector: atAngle(5),
  });

async function filled(fresh: World["fresh"]): Promise<{ readonly world: World; readonly scope: Scope }> {
  const world = await fresh();
  const scope = world.tenant();
  await put(world.store, scope, "a", ["one walrus", "two otters", "three"]);
  await put(world.store, world.tenant(), "a", ["a walrus of another tenant"]);
  await remember(world.store, scope, "m", "likes the walrus");
  return { world, scope };
}

/** What the index in use says of the documents' and memories' vectors; searches where there is search. */
async function seen(world: World, scope: Scope, vector: Float32Array) {
  const { store } = world;
  const stored = await store.chunks.vectors(scope, "a");
  const memories = await store.memories.search(scope, "a", { vector, text: null, limit: 3 });
  return {
    hashes: [...stored.keys()].toSorted(),
    dimensions: [...new Set([...stored.values()].map((one) => one.length))],
    remembered: memories.map(({ memory, cosine }) => [memory.memory_id, cosine!.toFixed(6)]),
  };
}

const ranked = async (world: World, scope: Scope, vector: Float32Array) =>
  (await world.search(scope, { vector })).candidates
    .toSorted((a, b) => a.vectorRank! - b.vectorRank!)
    .map(({ chunk, cosine }) => [chunk.content, cosine!.toFixed(5)]);

export const generationCases: readonly ContractCase[] = [
  {
    name: "vectors of another embedder are made beside those in use, switched to at once and gone back from",
    needs: "generations",
    async run({ fresh }) {
      const { world, scope } = await filled(fresh);
      const before = await seen(world, scope, atAngle(0));
      const shadow = await generationsOf(world.store).shadow(other);
      assert.deepEqual(await shadow.counts(), { chunks: 4, memories: 1, pending: 5, cut: 0 });
      await rejectsWith(shadow.activate(other), "conflict");
      assert.equal(await embed(shadow), 4);
      assert.deepEqual(await shadow.counts(), { chunks: 4, memories: 1, pending: 0, cut: 1 });
      assert.deepEqual(await seen(world, scope, atAngle(0)), before, "nothing changes before the switch");
      await shadow.activate(other);
      await shadow.close();

      const after = await world.reopen();
      assert.deepEqual((await after.store.health()).identity, other);
      await rejectsWith(after.store.prepare(contractIdentity), "index_mismatch");
      const now = await seen(after, scope, newVector("likes the walrus"));
      assert.deepEqual(now, {
        hashes: ["new one walrus", "new three", "new two otters"],
        dimensions: [4],
        remembered: [["m", "1.000000"]],
      });
      assert.equal(await generationsOf(after.store).missing(), 0);

      await generationsOf(after.store).rollBack();
      const back = await after.reopen();
      assert.deepEqual((await back.store.health()).identity, contractIdentity);
      assert.deepEqual(await seen(back, scope, atAngle(0)), before);
      await generationsOf(back.store).rollBack();
      const again = await back.reopen();
      assert.deepEqual(await seen(again, scope, newVector("likes the walrus")), now);
      assert.equal(await generationsOf(again.store).discard(), 1);
      await rejectsWith(generationsOf(again.store).rollBack(), "not_found");
      assert.deepEqual(await seen(again, scope, newVector("likes the walrus")), now);
    },
  },
  {
    name: "searches follow the switch, and after it find what is written with the new vectors",
    needs: "generations",
    async run({ fresh }, t) {
      const { world, scope } = await filled(fresh);
      const searches = await world.search(scope, { vector: atAngle(0) }).catch(() => null);
      if (searches === null) return t.skip("this server has no search");
      const before = await ranked(world, scope, atAngle(0));
      const shadow = await generationsOf(world.store).shadow(other);
      await embed(shadow);
      assert.deepEqual(await ranked(world, scope, atAngle(0)), before);
      await shadow.activate(other);
      await shadow.close();
      const after = await world.reopen();
      const [first] = await ranked(after, scope, newVector("one walrus"));
      assert.deepEqual(first, ["one walrus", "1.00000"]);
      await after.store.prepare(other);
      await after.store.documents.put(
        scope,
        versionOf({ id: "b", parts: ["late"], vectors: [Float32Array.from([0, 0, 0, 1])] }),
      );
      const [late] = await ranked(after, scope, Float32Array.from([0, 0, 0, 1]));
      assert.deepEqual(late, ["late", "1.00000"]);
    },
  },
  {
    name: "an index that was begun is taken up again, and what was written meanwhile is pending",
    needs: "generations",
    async run({ fresh }) {
      const { world, scope } = await filled(fresh);
      const begun = await generationsOf(world.store).shadow(other);
      assert.equal(await embed(begun, 2), 2);
      await begun.close();
      await put(world.store, scope, "b", ["four", "five"]);
      await remember(world.store, scope, "m", "likes the otter");
      const again = await world.reopen();
      const shadow = await generationsOf(again.store).shadow(other);
      assert.deepEqual(await shadow.counts(), { chunks: 6, memories: 1, pending: 5, cut: (await shadow.counts()).cut });
      assert.equal(await embed(shadow), 4);
      await remember(again.store, scope, "m", "likes the walrus again");
      assert.equal((await shadow.counts()).pending, 1, "a memory that changed is embedded again");
      await embed(shadow);
      await shadow.activate(other);
      await shadow.close();
      const after = await again.reopen();
      const { remembered } = await seen(after, scope, newVector("likes the walrus again"));
      assert.deepEqual(remembered, [["m", "1.000000"]]);
    },
  },
  {
    name: "an index without vectors can be switched to and gone back from",
    needs: "generations",
    async run({ fresh }) {
      const { world, scope } = await filled(fresh);
      const before = await seen(world, scope, atAngle(0));
      const lexical = { embedder: "none", dimensions: 0, chunker: "contract" };
      const shadow = await generationsOf(world.store).shadow(lexical);
      await shadow.activate(lexical);
      await shadow.close();
      const after = await world.reopen();
      assert.equal((await after.store.chunks.vectors(scope, "a")).size, 0);
      await generationsOf(after.store).rollBack();
      assert.deepEqual(await seen(await after.reopen(), scope, atAngle(0)), before);
    },
  },
];
