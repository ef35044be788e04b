import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../../errors.ts";
import { ownerScope } from "../../scope.ts";
import { openMemoryStore } from "../../testing/index.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import type { History } from "../conversation.ts";
import { earlierTurns } from "./earlier-turns.ts";
import { turnRecall, type TurnRecall } from "./recall-turns.ts";

const scope = ownerScope("acme");

async function talk(): Promise<{ readonly turns: TurnRecall; historyFrom(sequence: number): Promise<History> }> {
  const store = openMemoryStore({ now: () => Date.UTC(2026, 0, 31) });
  await store.sessions.open(scope, { sessionId: "s", ttlMs: 1e9 });
  await store.sessions.append(scope, "s", [
    { role: "user", content: "Always answer in metric units." },
    { role: "user", content: `My locker is number 88. ${"x".repeat(1000)}` },
    { role: "assistant", content: "Noted." },
    { role: "user", content: "My locker is blue.", metadata: { speaker: "Ann", timestamp: "2025-12-24T10:00:00Z" } },
    { role: "assistant", content: "Fine." },
  ]);
  const turns = turnRecall({ sessions: store.sessions, embedder: null, analyzer: englishAnalyzer(), now: () => 0 });
  return {
    turns,
    historyFrom: async (sequence) => ({
      session: (await store.sessions.get(scope, "s"))!,
      summary: "",
      messages: await store.sessions.messages(scope, "s", { after: sequence - 1 }),
    }),
  };
}

test("only what no longer fits is recalled: standing instructions, then what bears on the question, with dates", async () => {
  const { turns, historyFrom } = await talk();
  const { recalled, warnings } = await earlierTurns(turns, scope, await historyFrom(4), "Which locker is mine?");
  assert.deepEqual(
    [recalled[0], recalled[1]?.slice(0, 41), recalled[1]?.length, warnings],
    ["2026-01-31, user: Always answer in metric units.", "2026-01-31, user: My locker is number 88.", 618, []],
  );
  assert.ok(!recalled.some((line) => line.includes("blue")));
  const later = await earlierTurns(turns, scope, await historyFrom(5), "Is my locker blue?");
  assert.ok(later.recalled.includes("2025-12-24, Ann: My locker is blue."));
});

test("a conversation that fits whole, and a question without one, recall nothing", async () => {
  const { turns, historyFrom } = await talk();
  assert.deepEqual((await earlierTurns(turns, scope, await historyFrom(1), "locker")).recalled, []);
  assert.deepEqual((await earlierTurns(turns, scope, null, "locker")).recalled, []);
});

test("a conversation that cannot be searched costs a warning", async () => {
  const { historyFrom } = await talk();
  const down: TurnRecall = {
    prepare: async () => undefined,
    search: async () => {
      throw new HybridRAGError("store_failed", "The store is down.");
    },
  };
  const { recalled, warnings } = await earlierTurns(down, scope, await historyFrom(4), "locker");
  assert.deepEqual([recalled, warnings.map(({ code }) => code)], [[], ["turns_not_recalled"]]);
});
