import { hasSlot } from "../bitmap.ts";
import { type CodeScanner, momentsOf } from "./code-scanner.ts";
import type { CodeTable } from "./code-table.ts";
import { quantize } from "./quantize.ts";

/** Adding and taking away this much rounds to a multiple of 2^-30, so that sums are exact in any order. */
const grid = 1.5 * 2 ** 22;

/** In plain JavaScript, rounding as the kernel does: its fallback, and what it is tested against. */
export function plainScanner(table: CodeTable): CodeScanner {
  const queryCodes = new Int8Array(table.dimensions);

  /** The score of a slot that has room. */
  function scorer(query: Float32Array): (slot: number) => number {
    const queryScale = quantize(query, queryCodes.fill(0));
    const { buffer } = table.rows.memory;
    const codes = new Int8Array(buffer);
    const view = new DataView(buffer);
    return (slot) => {
      const at = slot * table.rows.bytesPerRow;
      const scale = view.getFloat32(at + table.scaleAt, true);
      if (scale === 0) return -Infinity;
      let dot = 0;
      for (let i = 0; i < queryCodes.length; i += 1) dot += (codes[at + i] as number) * (queryCodes[i] as number);
      return Math.fround(Math.fround(Math.fround(dot) * scale) * queryScale);
    };
  }

  return {
    kind: "plain",
    scan: ({ query, rows, allowed }) => {
      table.rows.reserve(rows);
      const scoreOf = scorer(query);
      const scores = new Float32Array(rows).fill(-Infinity);
      let [sum, squares, count] = [0, 0, 0];
      for (let slot = 0; slot < rows; slot += 1) {
        const score = hasSlot(allowed, slot) ? scoreOf(slot) : -Infinity;
        if (score === -Infinity) continue;
        scores[slot] = score;
        sum += score + grid - grid;
        squares += score * score + grid - grid;
        count += 1;
      }
      return { scores, moments: momentsOf(sum, squares, count) };
    },
    scoresOf: (query, slots) => Float32Array.from(slots, scorer(query)),
  };
}
