import { type CodeScanner, momentsOf } from "./code-scanner.ts";
import type { CodeTable } from "./code-table.ts";
import { kernelInstance, placeBitmap } from "./kernel-instance.ts";
import { plainScanner } from "./plain-scanner.ts";
import { quantize } from "./quantize.ts";

/** The fastest scanner that this runtime can run. */
export const codeScanner = (table: CodeTable): CodeScanner => simdScanner(table) ?? plainScanner(table);

const momentBytes = 32;

/** Null when this runtime cannot run the kernels. */
export function simdScanner(table: CodeTable): CodeScanner | null {
  const kernel = kernelInstance(table.rows.memory);
  if (kernel === null) return null;
  const { codeBytes, scaleAt, dimensions } = table;
  const queryCodes = new Int8Array(dimensions);
  const momentsAt = codeBytes * 2;
  const allowedAt = momentsAt + momentBytes;
  /** Returns its scale. */
  function placeQuery(query: Float32Array, memory: ArrayBuffer): number {
    const queryScale = quantize(query, queryCodes.fill(0));
    new Int16Array(memory, 0, codeBytes).fill(0).set(queryCodes);
    return queryScale;
  }

  return {
    kind: "simd",
    scan: ({ query, rows, allowed }) => {
      table.rows.reserve(rows);
      const bitmapBytes = Math.ceil(rows / 64) * 8;
      const scoresAt = Math.ceil((allowedAt + bitmapBytes) / 16) * 16;
      const memory = kernel.room(scoresAt + Math.ceil(rows / 4) * 16);
      const queryScale = placeQuery(query, memory);
      placeBitmap(allowed, rows, new Uint8Array(memory, allowedAt, bitmapBytes));
      kernel.run["scanCodes"]?.(
        rows,
        table.rows.bytesPerRow,
        codeBytes,
        scaleAt,
        0,
        queryScale,
        allowedAt,
        scoresAt,
        momentsAt,
      );
      const moments = new DataView(memory, momentsAt);
      return {
        scores: new Float32Array(memory, scoresAt, rows),
        moments: momentsOf(moments.getFloat64(0, true), moments.getFloat64(8, true), moments.getInt32(16, true)),
      };
    },
    scoresOf: (query, slots) => {
      const listAt = codeBytes * 2;
      const count = Math.ceil(slots.length / 4) * 4;
      const scoresAt = listAt + count * 4;
      const memory = kernel.room(scoresAt + count * 4);
      const queryScale = placeQuery(query, memory);
      // The last group is filled up with slot 0.
      new Uint32Array(memory, listAt, count).fill(0).set(slots);
      const { bytesPerRow } = table.rows;
      kernel.run["scanListed"]?.(count, bytesPerRow, codeBytes, scaleAt, 0, queryScale, listAt, scoresAt);
      return new Float32Array(memory, scoresAt, slots.length);
    },
  };
}
