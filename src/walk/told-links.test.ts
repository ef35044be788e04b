import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinkRequest, LinkResult } from "../ports/graph-store.ts";
import type { HopRequest } from "../ports/hop.ts";
import { answeredAtOnce, type GraphAnswers } from "./ask.ts";
import { hop } from "./hop.ts";

const weight = (entity: string, titled: number) => ({ entity, asked: entity, passages: 2, titled });
const leg = { weight: 1, mean: 0, deviation: 1, least: null };
const request: HopRequest = {
  question: "where is home",
  filter: null,
  vector: null,
  hits: [
    { chunk_id: "a", score: 1 },
    { chunk_id: "d", score: 0.9 },
  ],
  words: { corpusSize: 100, terms: ["home", "goal"].map((term) => ({ term, documentFrequency: 2, expansions: [] })) },
  scale: { vector: null, text: leg },
  depth: 10,
  explained: 10,
  unread: true,
};

/** a names the question's name and leads to b, which leads to c. */
function answering(asked: LinkRequest[]): GraphAnswers {
  const targets: Readonly<Record<string, string>> = { a: "b", b: "c" };
  const passage = (chunk_id: string) => ({
    chunk_id,
    cosine: null,
    bm25: 0.5,
    mask: { a: 1, c: 2 }[chunk_id] ?? 0,
    entities: chunk_id === "a" ? [{ entity: "home", title: false }] : [],
  });
  return {
    linkDensity: () => 1,
    weigh: (names) => (names.includes("home") ? [weight("home", 0)] : []),
    neighbours: () => [],
    list: () => ({ items: [], next: null }),
    links: (one): LinkResult => {
      asked.push(one);
      const led = one.seeds.filter((seed) => seed in targets);
      return {
        edges: led.map((from) => ({ from, to: targets[from]!, entity: `to ${targets[from]}`, kind: "shared" })),
        passages: [...new Set([...one.seeds, ...led.map((seed) => targets[seed]!)])].map(passage),
        weights: led.map((from) => ({ entity: `to ${targets[from]}`, passages: 2, titled: 0 })),
      };
    },
  };
}

test("the second round asks only for links of seeds that the first has not told", () => {
  const asked: LinkRequest[] = [];
  const words = { analyze: (text: string) => text.split(" "), common: new Set<string>() };
  const { hits, closed } = answeredAtOnce(hop(request, words), answering(asked));
  assert.deepEqual(
    asked.map(({ seeds }) => seeds),
    [["a", "d"], ["b"]],
  );
  assert.equal(closed, null);
  const { reason } = hits.find(({ chunk_id }) => chunk_id === "c")!;
  assert.deepEqual([reason?.from_chunk_id, reason?.entity], ["b", "to c"]);
});
