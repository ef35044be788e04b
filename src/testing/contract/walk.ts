import assert from "node:assert/strict";
import type { Filter } from "../../filter/filter.ts";
import { compareText } from "../../filter/matches.ts";
import type { HopRequest } from "../../ports/hop.ts";
import type { Chunk } from "../../records.ts";
import { englishAnalyzer } from "../../text/analyze.ts";
import { questionWords } from "../../walk/coverage.ts";
import { hopOver } from "../../walk/hop.ts";
import { wantedIds } from "../../walk/wanted-ids.ts";
import { as, type ContractCase } from "./case.ts";
import { atAngle, mention, versionOf } from "./examples.ts";
import { assertClose } from "./expect.ts";
import { passage, without } from "./graph.ts";

const inOrder = (chunks: readonly Chunk[]): readonly Chunk[] =>
  chunks.toSorted((one, other) => compareText(one.chunk_id, other.chunk_id));
const bridge = [mention("b:0", "bridge", "title"), mention("b:0", "goal")];

export const walkCases: readonly ContractCase[] = [
  {
    name: "a walk leads over two passages to a third, as it does when it is followed from outside",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      await passage(world, scope, "a", ["home!", "bridge"]);
      await passage(world, scope, "b", ["bridge!", "goal"]);
      await passage(world, scope, "c", ["goal!", "home"]);
      await passage(world, scope, "d", ["else!", "other"]);
      const leg = { weight: 1, mean: 0, deviation: 1, least: null };
      const walk = (filter: Filter | null, depth: number): HopRequest => ({
        question: "What is over there behind home?",
        filter,
        vector: atAngle(10),
        hits: ["a:0", "d:0"].map((chunk_id, at) => ({ chunk_id, score: 1 - at / 2 })),
        words: {
          corpusSize: 4,
          terms: [
            { term: "home", documentFrequency: 2 },
            { term: "goal", documentFrequency: 2 },
          ].map((one) => ({ ...one, expansions: [] })),
        },
        scale: { vector: leg, text: leg },
        depth,
        explained: 1,
        unread: true,
      });
      await store.settle();
      const words = questionWords((text) => englishAnalyzer().analyze(text));
      const outside = hopOver(store.graph, words);
      const reached = async (request: HopRequest, caller = scope) => {
        const result = await store.graph.hop(caller, request);
        const { chunks, ...walked } = result;
        const wanted = wantedIds(result.hits, request);
        assertClose(walked, await outside(caller, request), 1e-9);
        if (chunks) assertClose(inOrder(chunks), inOrder(await store.chunks.get(caller, wanted)), 1e-9);
        return result.hits.map(({ chunk_id, reason }) => `${chunk_id} ${reason?.from_chunk_id ?? ""}`);
      };
      assert.deepEqual((await reached(walk(null, 10))).toSorted(), ["a:0 b:0", "b:0 a:0", "c:0 b:0", "d:0 "]);
      assert.equal((await reached(walk(null, 1))).length, 2, "what was given stays");
      const hidden = await reached(walk(without("b"), 10));
      assert.ok(!hidden.some((one) => one.includes("b:0")), hidden.join());
      const guarded = { metadata: { access: ["boss"] }, graph: { mentions: bridge } };
      await store.documents.put(scope, versionOf({ id: "b", parts: ["text of b"], ...guarded }));
      await store.settle();
      assert.deepEqual(
        (await reached(walk(null, 10), as(scope, "clerk"))).toSorted(),
        ["a:0 ", "d:0 "],
        "no way through",
      );
      assert.ok((await reached(walk(null, 10), as(scope, "boss"))).includes("c:0 b:0"));
      const none = await store.graph.hop(world.tenant(), walk(null, 10));
      assert.deepEqual([none.hits, none.entities], [[], []]);
      assert.ok(none.closed);
    },
  },
];
