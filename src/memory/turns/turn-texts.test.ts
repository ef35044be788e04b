import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metadata, Role } from "../../records.ts";
import { plainWords } from "./plain-words.ts";
import { standingKind } from "./standing.ts";
import { kindOf, turnOf, type Turn } from "./turn.ts";
import { blended, placeOf, textsOf } from "./turn-texts.ts";

const talk = (...said: readonly (readonly [string, string, Metadata?])[]): readonly Turn[] => {
  const turns: Turn[] = [];
  for (const [speaker, content, metadata] of said) {
    const message = { sequence: turns.length + 1, role: "user", content, created_at: "2026-03-01T10:00:00Z" } as const;
    turns.push(turnOf({ ...message, metadata: { speaker, session: 1, ...metadata } }, turns.at(-1) ?? null));
  }
  return turns;
};

const own = (turns: readonly Turn[], at: number): string => textsOf(placeOf(turns, at), kindOf(turns)).own;

test("between people, whoever says I is named, and so is whoever was asked", () => {
  const turns = talk(
    ["Ana", "Hi! Did you sell your boat? What's new?"],
    ["Ben", "I've sold it myself, and I'm proud. My wife says it's not mine to keep; tell me!"],
  );
  assert.equal(
    own(turns, 1),
    "Did Ben sell Ben's boat? What's new? Ben has sold it Ben, and Ben is proud. " +
      "Ben's wife says it's not Ben's to keep; tell Ben!",
  );
  assert.equal(own(talk(["Ana", "The rain stopped."]), 0), "Ana: The rain stopped.");
});

test("a name before the words is not said twice, and letters of other words are no I", () => {
  assert.equal(
    own(talk(["Ana", "Ana: I like Iris and army ants, said Mme. I."]), 0),
    "Ana like Iris and army ants, said Mme. Ana.",
  );
});

test("a question of another sitting, or one's own, is not what a turn answers", () => {
  assert.equal(own(talk(["Ana", "Who won?"], ["Ben", "We did.", { session: 2 }]), 1), "Ben: We did.");
  assert.equal(own(talk(["Ana", "Who won?"], ["Ana", "We did."]), 1), "Ana: We did.");
});

test("the window shows the neighbours of the same sitting, cut", () => {
  const turns = talk(["Ana", "x".repeat(500)], ["Ben", "Right."], ["Ana", "Later.", { session: 2 }]);
  assert.equal(textsOf(placeOf(turns, 1), "people").window, `${"x".repeat(400)} Right.`);
  assert.deepEqual(
    [...blended(Float32Array.of(1, 0), Float32Array.of(0, 1))].map((value) => value.toFixed(1)),
    ["0.6", "0.4"],
  );
});

test("with an assistant a message stands for itself, without its code and marks", () => {
  const written = (role: Role, content: string, sequence: number, before: Turn | null) =>
    turnOf({ sequence, role, content, metadata: {}, created_at: "2026-03-01T10:00:00Z" }, before);
  const asked = written("user", "I need a loop?", 1, null);
  const answered = written(
    "assistant",
    "## Loops\n\n- Use **for**:\n\n```js\nfor (;;) {}\n```\nSee [docs](https://x.test).",
    2,
    asked,
  );
  assert.deepEqual(textsOf(placeOf([asked, answered], 1), "assistant"), {
    own: "Loops Use for: See docs.",
    window: null,
  });
  assert.equal(textsOf(placeOf([asked, answered], 0), "assistant").own, "I need a loop?");
  assert.equal(plainWords("```\nonly code\n```"), "```\nonly code\n```");
});

test("a long silence begins another sitting where messages do not say which they belong to", () => {
  const at = (time: string, before: Turn | null) =>
    turnOf({ sequence: 1, role: "user", content: "x", metadata: {}, created_at: time }, before);
  const first = at("2026-03-01T10:00:00Z", null);
  const soon = at("2026-03-01T15:00:00Z", first);
  assert.equal(soon.sitting, first.sitting);
  assert.notEqual(at("2026-03-01T22:00:00Z", soon).sitting, first.sitting);
});

test("what holds from now on is an instruction, what somebody likes a preference, news is neither", () => {
  assert.equal(standingKind("Thanks. Always give prices in euro when I ask for them."), "instruction");
  assert.equal(standingKind("From now on, please answer in French."), "instruction");
  assert.equal(standingKind("I'd rather take the train than fly."), "preference");
  assert.equal(standingKind("I prefer window seats, what is there?"), "preference");
  assert.equal(standingKind("The train was always late. Did you never fly?"), null);
  assert.equal(standingKind("```\n# always retry\n```\nWhat does this do?"), null);
});
