import { rowTest, type Allowed } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import type { Bitmap } from "../bitmap.ts";

export interface AllowedSlots {
  readonly bitmap: Bitmap;
  readonly count: number;
}

/** The living slots of rows that scope and filter allow. */
export function allowedSlots(index: TenantIndex, allowed: Allowed): AllowedSlots {
  const { slots } = index;
  const { metadataIds, documentKeys } = slots;
  const test = rowTest(allowed);
  const bitmap = new Uint8Array((slots.size + 7) >>> 3);
  let count = 0;
  for (let slot = 0; slot < slots.size; slot++) {
    if (!slots.isAlive(slot) || !test(metadataIds[slot]!, documentKeys[slot]!)) continue;
    bitmap[slot >>> 3]! |= 1 << (slot & 7);
    count += 1;
  }
  return { bitmap, count };
}
