import { addSlot, hasSlot, type Bitmap } from "../bitmap.ts";

/** What is known of each slot of a tenant's index; slot order is the order in which chunks were written. */
export interface SlotColumns {
  /** Rising. */
  readonly chunkKeys: Float64Array;
  readonly metadataIds: Uint32Array;
  readonly documentKeys: Uint32Array;
}

export interface SlotTable extends SlotColumns {
  /** Slots in use, the living and the dead. */
  readonly size: number;
  readonly dead: number;
  /** A copy of the set of living slots. */
  alive(): Bitmap;
  isAlive(slot: number): boolean;
  /** The living slot of a chunk, or −1. */
  slotOf(chunkKey: number): number;
  add(chunkKey: number, metadataId: number, documentKey: number): number;
  kill(slot: number): void;
}

const grown = <A extends Float64Array | Uint32Array | Uint8Array>(array: A, capacity: number): A => {
  const larger = new (array.constructor as new (length: number) => A)(capacity);
  larger.set(array);
  return larger;
};

/** @param columns shared with other threads, so it is copied before the first change. */
export function slotTable(columns: SlotColumns): SlotTable {
  let size = columns.chunkKeys.length;
  let dead = 0;
  let chunkKeys = columns.chunkKeys;
  let metadataIds = columns.metadataIds;
  let documentKeys = columns.documentKeys;
  let living = new Uint8Array((size + 7) >>> 3).fill(0xff);
  if (size % 8 !== 0) living[living.length - 1] = (1 << (size % 8)) - 1;

  function reserve(): void {
    if (size < chunkKeys.length) return;
    const capacity = Math.max(1024, Math.ceil(size * 1.25));
    chunkKeys = grown(chunkKeys, capacity);
    metadataIds = grown(metadataIds, capacity);
    documentKeys = grown(documentKeys, capacity);
    living = grown(living, (capacity + 7) >>> 3);
  }

  function find(chunkKey: number): number {
    let low = 0;
    let high = size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = chunkKeys[middle]!;
      if (found === chunkKey) return middle;
      if (found < chunkKey) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  return {
    get size() {
      return size;
    },
    get dead() {
      return dead;
    },
    get chunkKeys() {
      return chunkKeys;
    },
    get metadataIds() {
      return metadataIds;
    },
    get documentKeys() {
      return documentKeys;
    },
    alive: () => living.slice(0, (size + 7) >>> 3),
    isAlive: (slot) => hasSlot(living, slot),
    slotOf: (chunkKey) => {
      const slot = find(chunkKey);
      return slot >= 0 && hasSlot(living, slot) ? slot : -1;
    },
    add: (chunkKey, metadataId, documentKey) => {
      reserve();
      chunkKeys[size] = chunkKey;
      metadataIds[size] = metadataId;
      documentKeys[size] = documentKey;
      addSlot(living, size);
      return size++;
    },
    kill: (slot) => {
      living[slot >>> 3]! &= ~(1 << (slot & 7));
      dead += 1;
    },
  };
}
