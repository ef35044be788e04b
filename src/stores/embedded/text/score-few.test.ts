import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { englishAnalyzer } from "../../../text/analyze.ts";
import { fewScorer } from "./score-few.ts";
import { scoreRows } from "./score-rows.ts";
import { buildSegment } from "./segment-builder.ts";
import { textIndex, textPart, withoutSlots } from "./text-index.ts";

const analyzer = englishAnalyzer();
const words = ["walrus", "heron", "otter", "badger"];
const text = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((said) => said.join(" "));
const row = fc.record({ title: text, content: text, tenant: fc.constantFrom(1, 1, 1, 2) });

test("scores a few slots to the bit as a walk over all rows does, and says which words they hold", () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(30)),
      fc.array(fc.constantFrom(...words, "absent"), { maxLength: 5 }),
      (rows, gone, asked) => {
        const terms = asked.flatMap((word) => analyzer.analyze(word));
        const parts = [rows.slice(0, 10), rows.slice(10)].map((some, part) =>
          textPart(
            buildSegment(
              analyzer,
              some.map((one, at) => ({ ...one, slot: part * 10 + at })),
            ),
          ),
        );
        const index = withoutSlots(textIndex(parts), gone);
        const slots = rows.map((_row, slot) => slot);
        const plain = [...new Set(terms)].map((term) => ({ weight: 1, alternatives: [{ term, weight: 1 }] }));
        const all = scoreRows(index, { tenant: 1, terms: plain, allowed: null }).scores;
        const { scores, masks } = fewScorer(index, 1, terms)(slots);
        assert.deepEqual(
          [...scores],
          slots.map((slot) => all[slot] ?? 0),
        );
        slots.forEach((slot, at) => {
          const lives = rows[slot]!.tenant === 1 && !gone.includes(slot);
          const own = new Set(analyzer.analyze(`${rows[slot]!.title} ${rows[slot]!.content}`));
          const wanted = terms.reduce((mask, term, bit) => (lives && own.has(term) ? mask | (1 << bit) : mask), 0);
          assert.equal(masks[at], wanted);
        });
      },
    ),
    { numRuns: 200 },
  );
});
