import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { atOnce } from "../../pace/time-slices.ts";
import type { Metadata, Role } from "../../records.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import { findTurns } from "./find-turns.ts";
import { lexicalIndex } from "./lexical-index.ts";
import { fitOfDate, namedDates } from "./named-dates.ts";
import { turnQuestion } from "./question-kind.ts";
import { kindOf, turnOf, type Turn } from "./turn.ts";
import { addTurn, turnIndex } from "./turn-index.ts";

const analyzer = englishAnalyzer();

interface Said {
  readonly role?: Role;
  readonly content: string;
  readonly metadata?: Metadata;
}

function found(said: readonly Said[], question: string, limit: number | null = null) {
  const turns: Turn[] = [];
  for (const { role = "user", content, metadata = {} } of said) {
    const message = { sequence: turns.length + 1, role, content, metadata, created_at: "2026-03-01T10:00:00Z" };
    turns.push(turnOf(message, turns.at(-1) ?? null));
  }
  const index = turnIndex(kindOf(turns));
  for (const turn of turns) addTurn(index, turn, null, analyzer);
  const request = { question: turnQuestion(question, analyzer), vector: null, limit };
  const { turns: ranked, ...rest } = atOnce(findTurns(index, request, analyzer));
  return { ...rest, order: ranked.map(({ turn }) => turn.sequence) };
}

const say = (speaker: string, content: string, metadata: Metadata = {}): Said => ({
  content,
  metadata: { speaker, ...metadata },
});

test("an answer is found by the words of the question that it was given to", () => {
  const said = [say("Ana", "How was the marathon?"), say("Ben", "Wet, and I lost a shoe."), say("Ana", "Oh dear.")];
  assert.deepEqual(found(said, "How did it go for Ben at the marathon?").order.slice(0, 2), [1, 2]);
  assert.equal(found([...said, say("Ben", "The weather is wet.")], "Who lost a shoe?").order[0], 2);
});

test("of two that say the same, the one comes first whose speaker is asked about", () => {
  const said = [say("Ana", "I bought a violin."), say("Ben", "I bought a violin.")];
  assert.equal(found(said, "Which instrument did Ben buy, a violin?").order[0], 2);
  assert.equal(found(said, "Which instrument did Ana buy, a violin?").order[0], 1);
});

test("of two that say the same, the one comes first that was said when the question says", () => {
  const said = ["2026-01-10", "2026-05-10"].map((day) =>
    say("Ana", "We went hiking.", { timestamp: `${day}T12:00:00Z`, session: day }),
  );
  assert.equal(found(said, "Where did they go hiking in May 2026?").order[0], 2);
  assert.equal(found(said, "Where did they go hiking on 8 January?").order[0], 1);
});

test("what a user says of a thing comes before what an assistant says of it", () => {
  const said: readonly Said[] = [
    { role: "assistant", content: "A budget of 400 is common." },
    { content: "My budget is 300 for this." },
  ];
  assert.equal(found(said, "What is my budget?").order[0], 2);
  const advice: readonly Said[] = [
    { content: "My shed has a green roof." },
    { role: "assistant", content: "Green roof of a shed: paint." },
    ...Array.from({ length: 8 }, (_, at) => ({ content: `We spoke of thing ${at}.` })),
  ];
  assert.equal(found(advice, "Which paint did you recommend for the green shed roof?").order[0], 2);
  assert.equal(found(advice, "Which paint would you recommend for the green shed roof?").order[0], 1);
});

test("asked for the order of things, only what the user brought up is shown; facts are served with ten", () => {
  const said: readonly Said[] = Array.from({ length: 40 }, (_, at) => ({
    role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
    content: `Garden bed ${at}`,
  }));
  const ordered = found(said, "In which order did I bring up the garden beds?");
  assert.equal(ordered.kind, "ordering");
  assert.ok(ordered.order.length === 20 && ordered.order.every((sequence) => sequence % 2 === 1));
  assert.equal(found(said, "Where is the garden?").order.length, 10);
  assert.equal(found(said, "Give me a summary of the garden.").order.length, 30);
  assert.equal(found(said, "Give me a summary of the garden.", 3).order.length, 3);
});

test("one fact, several, an order and a summary are told by how they are asked for; of the last two the topic is searched", () => {
  const asked = (question: string) => {
    const { kind, searched } = turnQuestion(question, analyzer);
    return searched === question ? kind : `${kind}: ${searched}`;
  };
  for (const question of ["What was the name of her dog?", "What does Ann do on Sundays?", "Was it all right?"])
    assert.equal(asked(question), "fact", question);
  for (const question of ["Which books has Ann read?", "How many cats does she have?", "List everything I bought."])
    assert.equal(asked(question), "list", question);
  assert.equal(asked("In what order did we discuss the designs?"), "ordering: designs");
  assert.equal(asked("Give me an overview of the trip planning."), "summary: trip planning");
  assert.equal(asked("How has my opinion of the plan changed over time?"), "summary: opinion plan");
});

test("instructions and preferences come beside the turns, whatever is asked", () => {
  const said: readonly Said[] = [
    { content: "Always answer in metric units." },
    { role: "assistant", content: "I will." },
    { content: "I prefer small towns." },
    ...Array.from({ length: 12 }, () => ({ content: "How far is Rome from Naples?" })),
  ];
  const { standing, order } = found(said, "How far is Rome?");
  assert.deepEqual(
    standing.map(({ standing: kind, turn }) => [kind, turn.sequence]),
    [
      ["instruction", 1],
      ["preference", 3],
    ],
  );
  assert.ok(!order.includes(1));
});

test("dates are read as English and ISO 8601 write them", () => {
  assert.deepEqual(namedDates("On 7 May 2023, in August, July 4th and 2024-02"), [
    { year: 2024, month: 1, day: null },
    { year: 2023, month: 4, day: 7 },
    { year: null, month: 7, day: null },
    { year: null, month: 6, day: 4 },
  ]);
  assert.deepEqual(namedDates("May I march on? They may march."), [{ year: null, month: 4, day: null }]);
  const at = (day: string) => Date.parse(`${day}T09:00:00Z`);
  const may = { year: 2023, month: 4, day: 7 };
  assert.deepEqual(
    ["2023-05-07", "2023-05-14", "2023-05-02", "2023-06-10", "2023-09-01"].map((day) => fitOfDate(may, at(day))),
    [1, 1, 0.5, 0.3, 0],
  );
  assert.deepEqual(
    ["2023-05-30", "2023-06-10", "2022-05-10"].map((day) => fitOfDate({ ...may, day: null }, at(day))),
    [1, 0.4, 0],
  );
});

test("the index gives what counting every text anew gives", () => {
  const word = fc.constantFrom("a1", "b2", "c3");
  const turn = fc.record({
    terms: fc.array(word, { minLength: 1, maxLength: 4 }),
    asked: fc.array(word, { maxLength: 2 }),
    follows: fc.boolean(),
  });
  const shares = { previous: 0.3, asked: 0.3, next: 0.2 };
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), fc.array(word, { maxLength: 3 }), (turns, question) => {
      const index = lexicalIndex(shares);
      for (const one of turns) index.add(one);
      const goesOn = (at: number) => at > 0 && turns[at]?.follows === true;
      const times = (list: readonly string[] | undefined, term?: string) =>
        (list ?? []).filter((one) => term === undefined || one === term).length;
      const held = (at: number, term?: string): number =>
        times(turns[at]!.terms, term) +
        shares.asked * times(turns[at]!.asked, term) +
        (goesOn(at) ? shares.previous * times(turns[at - 1]!.terms, term) : 0) +
        (goesOn(at + 1) ? shares.next * times(turns[at + 1]!.terms, term) : 0);
      const average = turns.reduce((sum, _turn, at) => sum + held(at), 0) / turns.length;
      const slow = turns.map((_turn, at) =>
        [...new Set(question)].reduce((sum, term) => {
          const holding = turns.filter(({ terms }) => terms.includes(term)).length;
          const idf = Math.log(1 + (turns.length - holding + 0.5) / (holding + 0.5));
          return sum + (idf * held(at, term)) / (held(at, term) + 0.9 * (0.6 + (0.4 * held(at)) / average));
        }, 0),
      );
      atOnce(index.score(question)).forEach((score, at) => assert.ok(Math.abs(score - slow[at]!) < 1e-9));
    }),
  );
});
