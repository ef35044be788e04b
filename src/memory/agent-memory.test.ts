import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isHybridRAGError } from "../errors.ts";
import { ownerScope } from "../scope.ts";
import { wordEmbedder } from "../testing/fake-models.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { agentMemory } from "./agent-memory.ts";

const scope = ownerScope("t");
const dayMs = 24 * 3_600_000;

function remembering() {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const clock = () => now;
  const store = openMemoryStore({ now: clock });
  const memory = agentMemory({ memories: store.memories, embedder: wordEmbedder(), now: clock });
  const remember = (memory_id: string, content: string, more: object = {}) =>
    memory.remember(scope, "a", { memory_id, type: "fact", content, importance: 0.5, metadata: {}, ...more });
  const recall = async (query: string) =>
    (await memory.recall(scope, "a", { query, limit: 3 })).map(({ memory_id }) => memory_id);
  return {
    store,
    memory,
    remember,
    recall,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("the memory of an agent", () => {
  test("what bears on the question comes first", async () => {
    const { remember, recall } = remembering();
    await remember("colour", "Her favourite colour is green.");
    await remember("birds", "She counts puffins on Skomer every May.");
    assert.equal((await recall("puffins on Skomer"))[0], "birds");
  });

  test("of two that say the same, the more important comes first, and of two as important the fresher", async () => {
    const { remember, recall, pass } = remembering();
    await remember("old", "She counts puffins.");
    pass(30 * dayMs);
    await remember("new", "She counts puffins.");
    await remember("weighty", "She counts puffins.", { importance: 1 });
    assert.deepEqual(await recall("puffins"), ["weighty", "new", "old"]);
  });

  test("what is recalled counts as accessed and stays fresh", async () => {
    const { store, remember, recall, pass } = remembering();
    await remember("birds", "She counts puffins.");
    pass(dayMs);
    await recall("puffins");
    const found = await store.memories.get(scope, "a", "birds");
    assert.deepEqual([found?.access_count, found?.accessed_at], [1, "2026-01-02T00:00:00.000Z"]);
  });

  test("what is not valid yet or any more, or lies behind an access list, is not recalled", async () => {
    const { memory, remember, recall } = remembering();
    await remember("future", "Puffins will be counted.", { valid_from: "2027-01-01T00:00:00Z" });
    await remember("past", "Puffins were counted.", { valid_to: "2025-01-01T00:00:00Z" });
    await remember("secret", "Puffins are secret.", { metadata: { access: ["group:board"] } });
    assert.deepEqual(await recall("puffins"), ["secret"]);
    const stranger = { tenant: "t", principals: ["group:staff"] };
    assert.deepEqual(await memory.recall(stranger, "a", { query: "puffins", limit: 3 }), []);
  });

  test("blanks are refused", async () => {
    await assert.rejects(
      remembering().remember("x", " \n"),
      (error) => isHybridRAGError(error) && error.code === "invalid_input",
    );
  });
});
