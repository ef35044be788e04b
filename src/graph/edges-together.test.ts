import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { textList } from "../text/text-list.ts";
import { edgesTogether } from "./edges-together.ts";
import { npmiOf } from "./names-together.ts";

const letters = ["ä", "b", "c", "d", "e", "f"];

test("pairs of names are those that counting every passage finds, in the order asked for", async () => {
  const corpus = fc.array(fc.subarray(letters), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(corpus, fc.shuffledSubarray(letters), async (passages, order) => {
      const numbers = passages.map((names) => names.map((name) => letters.indexOf(name)));
      let end = 0;
      const ends = Uint32Array.from(numbers, (own) => (end += own.length));
      const given = { names: textList(letters), ends, mentioned: Uint32Array.from(numbers.flat()) };
      const expected = order.flatMap((source, rank) =>
        order.slice(rank + 1).flatMap((target) => {
          const having = (...wanted: readonly string[]) =>
            passages.filter((names) => wanted.every((name) => names.includes(name))).length;
          const both = having(source, target);
          const npmi = npmiOf(both, having(source), having(target), passages.length);
          const edge = { source_entity: source, target_entity: target, passages: both, npmi };
          return both >= 2 && npmi > 0 ? [{ ...edge, weight: npmi * Math.log(1 + both) }] : [];
        }),
      );
      const found = [];
      for await (const edge of edgesTogether(given, order)) found.push(edge);
      assert.deepEqual(found, expected);
    }),
    { numRuns: 200 },
  );
});
