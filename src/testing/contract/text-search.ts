import assert from "node:assert/strict";
import type { TextQuery } from "../../ports/chunk-store.ts";
import type { Scope } from "../../scope.ts";
import type { ContractCase, World } from "./case.ts";
import { versionOf } from "./examples.ts";
import { assertClose, candidateOf, ranked, sortedIds } from "./expect.ts";

/** Puts one document per text, with these ids: a, b, c … */
async function putTexts({ store }: World, scope: Scope, texts: readonly string[], title = ""): Promise<void> {
  for (const [index, text] of texts.entries()) {
    await store.documents.put(scope, versionOf({ id: String.fromCharCode(97 + index), title, parts: [text] }));
  }
}

const find = async (world: World, scope: Scope, text: TextQuery): Promise<readonly string[]> =>
  sortedIds(await world.search(scope, { text })).map((id) => id.split(":")[0]!);

export const textSearchCases: readonly ContractCase[] = [
  {
    name: "any word of the query matches, and more and rarer ones rank higher",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus blue", "walrus heron", "walrus blue", "otter blue"]);
      const result = await world.search(scope, { text: { query: "walrus heron" } });
      assert.deepEqual(ranked(result, "text"), ["b:0", "a:0", "c:0"]);
    },
  },
  {
    name: "scores are BM25 to the last digit",
    needs: "exactScores",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus walrus heron", "heron"]);
      await world.store.documents.put(scope, versionOf({ id: "c", title: "walrus", parts: ["otter otter"] }));
      const result = await world.search(scope, { text: { query: "walrus walrus" } });
      const averageBody = (3 + 1 + 3) / 3;
      const body = (tf: number) => (Math.log(1 + 1.5 / 2.5) * tf) / (tf + 0.9 * (0.6 + (0.4 * 3) / averageBody));
      const title = (0.2 * Math.log(1 + 2.5 / 1.5)) / (1 + 0.9 * (0.7 + (0.3 * 1) / (1 / 3)));
      const twice = [2 * body(2), 2 * (body(1) + title)];
      assertClose([candidateOf(result, "a:0").bm25, candidateOf(result, "c:0").bm25], twice, 1e-6);
      assert.deepEqual(sortedIds(result), ["a:0", "c:0"]);
    },
  },
  {
    name: "a word in the title or in a heading is found",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await world.store.documents.put(scope, versionOf({ id: "a", title: "Walrus report", parts: ["otter"] }));
      const headings = ["Colonies", "Herons of the coast"];
      await world.store.documents.put(scope, versionOf({ id: "b", headings, parts: ["otter"] }));
      assert.deepEqual(await find(world, scope, { query: "walrus" }), ["a"]);
      assert.deepEqual(await find(world, scope, { query: "heron" }), ["b"]);
      assert.deepEqual(await find(world, scope, { query: "colony" }), ["b"]);
    },
  },
  {
    name: "words match in other cases, endings and scripts",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["The WALRUSES were running", "Zürich Straße", "東京都の天気"]);
      assert.deepEqual(await find(world, scope, { query: "walrus" }), ["a"]);
      assert.deepEqual(await find(world, scope, { query: "run" }), ["a"]);
      assert.deepEqual(await find(world, scope, { query: "zürich" }), ["b"]);
      assert.deepEqual(await find(world, scope, { query: "東京" }), ["c"]);
    },
  },
  {
    name: "a query that is empty or only stop words finds nothing by text and is no error",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["the walrus and the heron"]);
      for (const query of ["", "   ", "the", "and the", "?!"]) {
        const { candidates, text } = await world.search(scope, { text: { query, repairTypos: true, prefix: true } });
        assert.deepEqual([candidates, text?.terms, text?.matched, text?.error], [[], [], 0, null], query);
      }
    },
  },
  {
    name: "syntax of search languages is only text",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus heron", "otter"]);
      for (const query of [
        '"walrus',
        "walrus AND otters*",
        "walrus) OR (1=1",
        "content:walrus^9",
        "-walrus",
        "walrus~",
      ]) {
        assert.ok((await find(world, scope, { query })).includes("a"), query);
      }
    },
  },
  {
    name: "the report says the words, how many chunks hold them, and how many chunks matched",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus", "walrus heron", "otter"], "colony");
      const filter = { op: "ne", field: "document_id", value: "b" } as const;
      const { text, allowed } = await world.search(scope, { text: { query: "walrus walrus unknown colony" }, filter });
      assert.deepEqual(text?.terms, [
        { term: "walrus", documentFrequency: 2 },
        { term: "unknown", documentFrequency: 0 },
        { term: "coloni", documentFrequency: 3 },
      ]);
      assert.deepEqual([text?.corpusSize, text?.matched, allowed, text?.repairs], [3, 2, 2, []]);
    },
  },
  {
    name: "an unknown word of four letters or more becomes the commonest near one, and the result says so",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus", "walrus", "walrub", "cat", "otter"]);
      const repaired = async (query: string) => {
        const result = await world.search(scope, { text: { query, repairTypos: true } });
        return [ranked(result, "text"), result.text?.repairs];
      };
      for (const typo of ["walrux", "warlus", "wlrus", "walruss"]) {
        assert.deepEqual(await repaired(typo), [["a:0", "b:0"], [{ from: typo, to: "walrus" }]]);
      }
      assert.deepEqual(await repaired("walrub"), [["c:0"], []]);
      assert.deepEqual(await repaired("caz"), [[], []]);
      assert.deepEqual(await repaired("zebra"), [[], []]);
      assert.deepEqual(await find(world, scope, { query: "walrux" }), []);
    },
  },
  {
    name: "an ending may be mistyped too; numbers and the words of asking are never repaired",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["migrating herons in May", "the year 2019", "b2000 who"]);
      const repairs = async (query: string) =>
        (await world.search(scope, { text: { query, repairTypos: true } })).text?.repairs;
      assert.deepEqual(await repairs("migratign"), [{ from: "migratign", to: "migrating" }]);
      assert.deepEqual(await repairs("migrate"), []);
      assert.deepEqual(await repairs("2018 b2001"), []);
      assert.deepEqual(await repairs("how many of whom"), []);
      assert.deepEqual(await find(world, scope, { query: "migratign", repairTypos: true }), ["a"]);
    },
  },
  {
    name: "phrases are held word by word, and all of them",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["red walrus blue heron", "walrus red", "blue heron", "red big walrus"]);
      const query = "red walrus blue heron";
      assert.deepEqual(await find(world, scope, { query }), ["a", "b", "c", "d"]);
      assert.deepEqual(await find(world, scope, { query, phrases: ["red walrus"] }), ["a"]);
      assert.deepEqual(await find(world, scope, { query, phrases: ["Blue Herons"] }), ["a", "c"]);
      assert.deepEqual(await find(world, scope, { query, phrases: ["blue heron", "walrus red"] }), []);
      assert.deepEqual(await find(world, scope, { query, phrases: [] }), ["a", "b", "c", "d"]);
    },
  },
  {
    name: "with prefix the last word begins longer ones",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus", "heron", "wallaby", "her"]);
      assert.deepEqual(await find(world, scope, { query: "wal", prefix: true }), ["a", "c"]);
      assert.deepEqual(await find(world, scope, { query: "her wal", prefix: true }), ["a", "c", "d"]);
      assert.deepEqual(await find(world, scope, { query: "wal" }), []);
    },
  },
  {
    name: "with fuzzy every word also matches those one edit away",
    needs: "search",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus", "walrux", "heron", "heronx", "otter"]);
      assert.deepEqual(await find(world, scope, { query: "walrus heron", fuzzy: true }), ["a", "b", "c", "d"]);
      assert.deepEqual(await find(world, scope, { query: "walrus heron" }), ["a", "c"]);
    },
  },
  {
    name: "words are weighed by the whole tenant, not by what the filter leaves",
    needs: "exactScores",
    async run(world) {
      const scope = world.tenant();
      await putTexts(world, scope, ["walrus heron", "walrus", "walrus", "otter"]);
      const filter = { op: "eq", field: "document_id", value: "a" } as const;
      const all = await world.search(scope, { text: { query: "walrus heron" } });
      const some = await world.search(scope, { text: { query: "walrus heron" }, filter });
      assertClose(candidateOf(some, "a:0").bm25, candidateOf(all, "a:0").bm25, 1e-12);
      assert.deepEqual([some.text?.terms, some.text?.corpusSize], [all.text?.terms, all.text?.corpusSize]);
    },
  },
];
