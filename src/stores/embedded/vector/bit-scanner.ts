import { hasSlot, onesIn } from "../bitmap.ts";
import type { BitTable } from "./bit-table.ts";
import type { ScanRequest } from "./code-scanner.ts";
import { kernelInstance, placeBitmap } from "./kernel-instance.ts";

/** Compares a query with every row of a bit table. Each thread makes its own; calls must not overlap. */
export interface BitScanner {
  readonly kind: "simd" | "plain";
  /** The distance of two vectors that differ in every bit. */
  readonly greatest: number;
  /** Per slot the number of bits that differ, `notAllowed` where the slot is not. Valid until the next call. */
  distances(request: ScanRequest): Uint16Array;
}

export const notAllowed = 0xffff;

/** The fastest scanner that this runtime can run. */
export const bitScanner = (table: BitTable): BitScanner => compiledBitScanner(table) ?? plainBitScanner(table);

/** Null when this runtime cannot run the kernels. */
export function compiledBitScanner(table: BitTable): BitScanner | null {
  const kernel = kernelInstance(table.rows.memory);
  if (kernel === null) return null;
  const { bytesPerRow } = table.rows;
  return {
    kind: "simd",
    greatest: bytesPerRow * 8,
    distances: ({ query, rows, allowed }) => {
      table.rows.reserve(rows);
      const bitmapBytes = Math.ceil(rows / 64) * 8;
      const distancesAt = bytesPerRow + bitmapBytes;
      const memory = kernel.room(distancesAt + rows * 2);
      table.encode(query, new Uint8Array(memory, 0, bytesPerRow));
      placeBitmap(allowed, rows, new Uint8Array(memory, bytesPerRow, bitmapBytes));
      kernel.run["scanBits"]?.(rows, bytesPerRow, 0, bytesPerRow, distancesAt);
      return new Uint16Array(memory, distancesAt, rows);
    },
  };
}

/** In plain JavaScript: the fallback, and what the kernel is tested against. */
export function plainBitScanner(table: BitTable): BitScanner {
  const { bytesPerRow } = table.rows;
  const code = new Uint8Array(bytesPerRow);
  return {
    kind: "plain",
    greatest: bytesPerRow * 8,
    distances: ({ query, rows, allowed }) => {
      table.encode(query, code);
      const bytes = table.rows.bytes(rows);
      return Uint16Array.from({ length: rows }, (_, slot) => {
        if (!hasSlot(allowed, slot)) return notAllowed;
        let different = 0;
        for (let i = 0; i < bytesPerRow; i += 1) {
          different += onesIn((code[i] as number) ^ (bytes[slot * bytesPerRow + i] as number));
        }
        return different;
      });
    },
  };
}

/**
 * The `count` nearest allowed slots, in the order of slots; of those as far as the last, the lower ones.
 *
 * @param greatest distance that a slot can have.
 */
export function nearestSlots(distances: Uint16Array, count: number, greatest: number): Uint32Array {
  const histogram = new Uint32Array(greatest + 1);
  for (let slot = 0; slot < distances.length; slot += 1) {
    const distance = distances[slot] as number;
    if (distance <= greatest) histogram[distance] = (histogram[distance] as number) + 1;
  }
  let below = 0;
  let limit = 0;
  while (limit <= greatest && below + (histogram[limit] as number) <= count) below += histogram[limit++] as number;
  let atLimit = limit > greatest ? 0 : count - below;
  const nearest = new Uint32Array(below + Math.min(atLimit, histogram[limit] ?? 0));
  let found = 0;
  for (let slot = 0; slot < distances.length && found < nearest.length; slot += 1) {
    const distance = distances[slot] as number;
    if (distance > limit || (distance === limit && atLimit === 0)) continue;
    if (distance === limit) atLimit -= 1;
    nearest[found++] = slot;
  }
  return nearest;
}
