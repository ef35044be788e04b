import assert from "node:assert/strict";
import { test } from "node:test";
import { HybridRAGError } from "../../errors.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { Store } from "../../ports/store.ts";
import { ownerScope } from "../../scope.ts";
import { stoppedClock } from "../../testing/contract/case.ts";
import { openMemoryStore, wordEmbedder } from "../../testing/index.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import { turnRecall, type TurnRecall } from "./recall-turns.ts";

const scope = ownerScope("acme");
const analyzer = englishAnalyzer();

/** Counts the texts that are embedded as documents. */
function countingEmbedder() {
  const inner = wordEmbedder();
  const counts = { documents: 0, fails: false };
  const embedder: Embedder = {
    ...inner,
    embed: (texts, options) => {
      if (counts.fails) throw new HybridRAGError("provider_failed", "The embedder is down.");
      if (options.kind === "document") counts.documents += texts.length;
      return inner.embed(texts, options);
    },
  };
  return { embedder, counts };
}

async function world() {
  const clock = stoppedClock();
  const store = openMemoryStore({ now: clock.now });
  const { embedder, counts } = countingEmbedder();
  const recall = () => turnRecall({ sessions: store.sessions, embedder, analyzer, now: clock.now });
  await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
  const say = (store: Store, speaker: string, content: string) =>
    store.sessions.append(scope, "s", [{ role: "user", content, metadata: { speaker } }]);
  return { clock, store, counts, recall, say: (speaker: string, content: string) => say(store, speaker, content) };
}

test("what is said later is found too, and no turn is embedded again but the one whose window grew", async () => {
  const { counts, recall, say } = await world();
  const turns = recall();
  const find = async (query: string) => (await turns.search(scope, "s", { query })).results[0]?.content;
  await say("Ann", "We sail on Sundays.");
  await say("Ben", "I bake bread.");
  assert.equal(await find("Who bakes?"), "I bake bread.");
  assert.equal(counts.documents, 4);
  await say("Ann", "The harbour froze.");
  assert.equal(await find("What froze?"), "The harbour froze.");
  assert.equal(counts.documents, 8);
  await find("Who sails?");
  assert.equal(counts.documents, 8);
  // Another process finds the vectors that were kept.
  assert.equal((await recall().search(scope, "s", { query: "Who sails?" })).results[0]?.content, "We sail on Sundays.");
  assert.equal(counts.documents, 8);
});

test("with the first answer of an assistant a conversation is read as the chat of one", async () => {
  const { store, recall, say } = await world();
  const turns = recall();
  await say("Ann", "Always answer in metric units.");
  assert.deepEqual((await turns.search(scope, "s", { query: "units" })).standing, []);
  await store.sessions.append(scope, "s", [{ role: "assistant", content: "Certainly." }]);
  const { standing, results } = await turns.search(scope, "s", { query: "How far is it?" });
  assert.deepEqual(
    standing.map((one) => [one.standing, one.sequence]),
    [["instruction", 1]],
  );
  assert.equal(results.length, 2);
});

test("a conversation that ended is not found, and one begun anew under its name shows nothing of it", async () => {
  const { clock, store, recall, say } = await world();
  const turns = recall();
  await say("Ann", "The code is 4711.");
  assert.equal((await turns.search(scope, "s", { query: "code" })).results.length, 1);
  await store.sessions.delete(scope, "s");
  // At the same instant, and as long.
  await store.sessions.open(scope, { sessionId: "s", ttlMs: 1000 });
  await say("Ben", "Good morning.");
  const { results } = await turns.search(scope, "s", { query: "code" });
  assert.deepEqual(
    results.map(({ content }) => content),
    ["Good morning."],
  );
  clock.advance(1000);
  await assert.rejects(turns.search(scope, "s", { query: "code" }), { code: "not_found" });
  await assert.rejects(turns.search(scope, "s", { query: " " }), { code: "invalid_input" });
  await assert.rejects(turns.search(ownerScope("other"), "s", { query: "code" }), { code: "not_found" });
});

test("an embedder that is down costs a warning, and its vectors are made when it is back", async () => {
  const { counts, recall, say } = await world();
  const turns = recall();
  await say("Ann", "We sail on Sundays.");
  counts.fails = true;
  const lexical = await turns.search(scope, "s", { query: "Who sails?" });
  assert.deepEqual([lexical.results.length, lexical.results[0]?.legs.vector], [1, null]);
  assert.deepEqual(
    lexical.warnings.map(({ code }) => code),
    ["vector_leg_unavailable"],
  );
  counts.fails = false;
  const whole = await turns.search(scope, "s", { query: "Who sails?" });
  assert.deepEqual([whole.warnings, typeof whole.results[0]?.legs.vector], [[], "number"]);
});

test("a search does not wait for a long conversation to be embedded: what has no vector yet is found by its words", async () => {
  const { store, say } = await world();
  await say("Ann", "We sail on Sundays.");
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const inner = wordEmbedder();
  const embedder: Embedder = {
    ...inner,
    embed: async (texts, options) => {
      if (options.kind === "document") await held;
      return inner.embed(texts, options);
    },
  };
  const turns = turnRecall({ sessions: store.sessions, embedder, analyzer, now: () => 0, patienceMs: 0 });
  const prepared = turns.prepare(scope, "s");
  const early = await turns.search(scope, "s", { query: "Who sails?" });
  assert.deepEqual(
    [early.results.map(({ legs }) => legs.vector), early.warnings.map(({ code }) => code)],
    [[null], ["vector_leg_unavailable"]],
  );
  release();
  await prepared;
  const patient = turnRecall({ sessions: store.sessions, embedder, analyzer, now: () => 0 });
  assert.deepEqual((await patient.search(scope, "s", { query: "Who sails?" })).warnings, []);
});

test("in slices the same is found as at once, by several who ask together, and again when the conversation has grown", async () => {
  const { store } = await world();
  const lines = ["Ann sails.", "I bake bread on day", "Always answer in metric units.", "My favourite is the harbour."];
  const append = (from: number, to: number) =>
    store.sessions.append(
      scope,
      "s",
      Array.from({ length: to - from }, (_, at) => ({
        role: (from + at) % 3 === 0 ? ("assistant" as const) : ("user" as const),
        content: `${lines[(from + at) % lines.length]} ${(from + at) % 97}`,
        metadata: { session: (from + at) % 50 },
      })),
    );
  let looks = 0;
  const parts = { sessions: store.sessions, embedder: wordEmbedder(), analyzer };
  const whole = () => turnRecall({ ...parts, now: () => 0 });
  // Whenever this clock is looked at, a slice is over.
  const sliced = turnRecall({ ...parts, now: () => (looks += 100) });
  const ask = (turns: TurnRecall) =>
    Promise.all(
      ["bread 41", "Which units?", "In which order did I bring up bread?"].map((query) =>
        turns.search(scope, "s", { query }),
      ),
    );
  await append(0, 1500);
  const before = await ask(whole());
  assert.deepEqual(await ask(sliced), before);
  await append(1500, 2300);
  assert.deepEqual(await ask(sliced), await ask(whole()));
  assert.ok(before.every(({ results, warnings }) => results.length > 0 && warnings.length === 0));
});

test("an abort ends reading at the next slice, and whoever asks next goes on from there", async () => {
  const { store, clock } = await world();
  await store.sessions.append(
    scope,
    "s",
    Array.from({ length: 300 }, (_, at) => ({ role: "user" as const, content: `Topic ${at}` })),
  );
  const stop = new AbortController();
  let looks = 0;
  const now = (): number => {
    if ((looks += 1) === 150) stop.abort(new Error("enough"));
    return looks * 100;
  };
  const turns = turnRecall({ sessions: store.sessions, embedder: null, analyzer, now });
  const cancelled = turns.search(scope, "s", { query: "topic 7" }, { signal: stop.signal });
  const other = turns.search(scope, "s", { query: "topic 277" });
  await assert.rejects(cancelled, /enough/);
  assert.ok(looks < 300);
  const whole = turnRecall({ sessions: store.sessions, embedder: null, analyzer, now: clock.now });
  assert.deepEqual(await other, await whole.search(scope, "s", { query: "topic 277" }));
});

test("who prepares beside another who is cancelled is not cancelled with it", async () => {
  const { store, say } = await world();
  await say("Ann", "We sail on Sundays.");
  const stop = new AbortController();
  const inner = wordEmbedder();
  const embedder: Embedder = {
    ...inner,
    embed: async (texts, options) => {
      stop.abort(new Error("enough"));
      options.signal?.throwIfAborted();
      return inner.embed(texts, options);
    },
  };
  const turns = turnRecall({ sessions: store.sessions, embedder, analyzer, now: () => 0 });
  const both = [turns.prepare(scope, "s", { signal: stop.signal }), turns.prepare(scope, "s")];
  const [cancelled, other] = await Promise.allSettled(both);
  assert.deepEqual([cancelled?.status, other?.status], ["rejected", "fulfilled"]);
  assert.equal((await store.sessions.vectors(scope, "s", {})).length, 1);
});

test("what an assistant said counts as much as it is set to", async () => {
  const { store, clock } = await world();
  await store.sessions.append(scope, "s", [
    { role: "user", content: "The harbour is where we met, and where the ferry leaves." },
    { role: "assistant", content: "The harbour opens at six." },
  ]);
  const first = async (assistantWeight?: number) => {
    const turns = turnRecall({ sessions: store.sessions, embedder: null, analyzer, now: clock.now, assistantWeight });
    return (await turns.search(scope, "s", { query: "Where is the harbour?" })).results[0]?.role;
  };
  assert.deepEqual([await first(), await first(0.6), await first(1)], ["user", "user", "assistant"]);
});

test("searches at once agree, and preparing leaves nothing to embed", async () => {
  const { counts, recall, say } = await world();
  const turns = recall();
  for (let at = 0; at < 150; at += 1) await say(at % 2 === 0 ? "Ann" : "Ben", `Topic ${at} is number ${at}.`);
  await Promise.all([turns.prepare(scope, "s"), turns.prepare(scope, "s")]);
  assert.equal(counts.documents, 300);
  const found = await Promise.all([1, 2, 3].map(() => turns.search(scope, "s", { query: "topic 77", limit: 5 })));
  assert.deepEqual(found[1], found[0]);
  assert.deepEqual(found[2], found[0]);
  assert.equal(found[0]?.results[0]?.sequence, 78);
  assert.equal(counts.documents, 300);
  const early = await turns.search(scope, "s", { query: "topic 77", before: 78 });
  assert.ok(early.results.every(({ sequence }) => sequence < 78));
});
