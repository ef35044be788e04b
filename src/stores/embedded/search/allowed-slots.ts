import type { Database } from "../sqlite/database.ts";
import { rowTest, type Allowed } from "../filter/allowed.ts";
import type { TenantIndex } from "../index/tenant-index.ts";
import { hasSlot, type Bitmap } from "../bitmap.ts";
import { hasBit } from "../filter/bits.ts";

export interface AllowedSlots {
  /** Nobody changes it: it may be remembered. */
  readonly bitmap: Bitmap;
  readonly count: number;
}

/** The living slots of rows that scope and filter allow. */
export function allowedSlots(db: Database, index: TenantIndex, allowed: Allowed): AllowedSlots {
  if (allowed.of === "all") return { bitmap: index.slots.alive(), count: index.slots.size - index.slots.dead };
  const known = db.kept(rememberedSlots);
  const there = known.get(allowed);
  // An index only grows and loses; a set of rows is remembered as the same object while it is the same.
  if (there?.index.deref() === index && there.size === index.slots.size && there.dead === index.slots.dead)
    return there.found;
  const found = narrowed(index, allowed);
  const { size, dead } = index.slots;
  known.set(allowed, { index: new WeakRef(index), size, dead, found });
  return found;
}

interface RememberedSlots {
  readonly index: WeakRef<TenantIndex>;
  readonly size: number;
  readonly dead: number;
  readonly found: AllowedSlots;
}

/** Of the newest index that each set of rows was asked for. */
const rememberedSlots = (): WeakMap<Allowed, RememberedSlots> => new WeakMap();

function narrowed({ slots }: TenantIndex, allowed: Allowed): AllowedSlots {
  const bitmap = slots.alive();
  const { metadataIds, documentKeys } = slots;
  const test = rowTest(allowed);
  const isAllowed =
    allowed.of === "metadata"
      ? (slot: number) => hasBit(allowed.bits, metadataIds[slot]!)
      : (slot: number) => test(metadataIds[slot]!, documentKeys[slot]!);
  let count = 0;
  for (let slot = 0; slot < slots.size; slot++) {
    if (!hasSlot(bitmap, slot)) continue;
    if (isAllowed(slot)) count += 1;
    else bitmap[slot >>> 3]! &= ~(1 << (slot & 7));
  }
  return { bitmap, count };
}
