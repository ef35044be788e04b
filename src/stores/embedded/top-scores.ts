export interface TopScores {
  readonly slots: Uint32Array;
  readonly scores: Float32Array;
}

/** Slots of a block: of each its best score may be known beforehand. */
export const blockSlots = 256;

/**
 * The `limit` best scores above `above`, best first; of equal scores the lower slot is better.
 *
 * @param peaks the best score of each block of slots.
 */
export function topScores(scores: Float32Array, limit: number, above = -Infinity, peaks?: Float32Array): TopScores {
  const heap = boundedHeap(limit);
  let bar = above;
  const size = peaks === undefined ? scores.length : blockSlots;
  for (let start = 0, block = 0; start < scores.length; start += size, block += 1) {
    if (peaks !== undefined && (peaks[block] as number) <= bar) continue;
    const end = Math.min(scores.length, start + size);
    for (let slot = start; slot < end; slot += 1) {
      const score = scores[slot] as number;
      if (score > bar) bar = Math.max(above, heap.push(slot, score));
    }
  }
  return heap.sorted();
}

/** Keeps the best entries; the worst of them is on top. Entries must come by rising slot. */
function boundedHeap(limit: number) {
  const slots = new Uint32Array(limit);
  const scores = new Float32Array(limit);
  let size = 0;
  const isWorse = (a: number, b: number): boolean =>
    (scores[a] as number) < (scores[b] as number) ||
    (scores[a] === scores[b] && (slots[a] as number) > (slots[b] as number));
  const swap = (a: number, b: number): void => {
    [slots[a], slots[b]] = [slots[b] as number, slots[a] as number];
    [scores[a], scores[b]] = [scores[b] as number, scores[a] as number];
  };
  const sink = (start: number): void => {
    for (let at = start; ;) {
      const left = 2 * at + 1;
      if (left >= size) return;
      const child = left + 1 < size && isWorse(left + 1, left) ? left + 1 : left;
      if (!isWorse(child, at)) return;
      swap(child, at);
      at = child;
    }
  };
  const rise = (start: number): void => {
    for (let at = start; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!isWorse(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  return {
    /** Returns the score that the next entry must exceed. */
    push: (slot: number, score: number): number => {
      if (limit === 0) return Infinity;
      const at = size < limit ? size : 0;
      slots[at] = slot;
      scores[at] = score;
      if (size < limit) {
        size += 1;
        rise(at);
      } else {
        sink(0);
      }
      return size < limit ? -Infinity : (scores[0] as number);
    },
    sorted: (): TopScores => {
      const order = Array.from({ length: size }, (_, at) => at).sort((a, b) => (isWorse(a, b) ? 1 : -1));
      return {
        slots: Uint32Array.from(order, (at) => slots[at] as number),
        scores: Float32Array.from(order, (at) => scores[at] as number),
      };
    },
  };
}
