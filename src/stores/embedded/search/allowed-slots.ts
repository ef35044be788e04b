import { rowTest, type Allowed } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import { hasSlot, type Bitmap } from "../bitmap.ts";
import { hasBit } from "../filter/bits.ts";

export interface AllowedSlots {
  readonly bitmap: Bitmap;
  readonly count: number;
}

/** The living slots of rows that scope and filter allow. */
export function allowedSlots({ slots }: TenantIndex, allowed: Allowed): AllowedSlots {
  const bitmap = slots.alive();
  if (allowed.of === "all") return { bitmap, count: slots.size - slots.dead };
  const { metadataIds, documentKeys } = slots;
  if (allowed.of === "metadata")
    return narrowed(bitmap, slots.size, (slot) => hasBit(allowed.bits, metadataIds[slot]!));
  const test = rowTest(allowed);
  return narrowed(bitmap, slots.size, (slot) => test(metadataIds[slot]!, documentKeys[slot]!));
}

function narrowed(bitmap: Bitmap, size: number, isAllowed: (slot: number) => boolean): AllowedSlots {
  let count = 0;
  for (let slot = 0; slot < size; slot++) {
    if (!hasSlot(bitmap, slot)) continue;
    if (isAllowed(slot)) count += 1;
    else bitmap[slot >>> 3]! &= ~(1 << (slot & 7));
  }
  return { bitmap, count };
}
