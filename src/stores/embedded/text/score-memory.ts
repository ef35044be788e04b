import { blockSlots } from "../top-scores.ts";
import { kernelInstance } from "../vector/kernel-instance.ts";
import { createSharedRows } from "../vector/shared-rows.ts";

/** Room for a score of each slot, and what there is to say of them together. */
export interface ScoreMemory {
  /** So many zeros, in the same memory at every call; valid until the next. */
  zeros(slots: number): Float32Array;
  /** Of the scores that stand there now, none of which is negative. */
  summarize(): ScoreSummary;
}

export interface ScoreSummary {
  readonly sum: number;
  readonly squares: number;
  /** Scores above zero. */
  readonly matched: number;
  /** The best score of each block of slots, so that few have to be looked at for the best. Valid as long as the scores. */
  readonly peaks: Float32Array;
}

/** From so many slots on, a memory of the kernels' kind is worth what it reserves. */
const kernelSlots = 16_384;

export const scoreMemory = (slots: number): ScoreMemory =>
  (slots < kernelSlots ? null : compiledScoreMemory()) ?? plainScoreMemory();

/** Null when this runtime cannot run the kernels. */
export function compiledScoreMemory(): ScoreMemory | null {
  const kernel = kernelInstance(createSharedRows(1, 1).memory);
  if (kernel === null) return null;
  let size = 0;
  let memory = kernel.room(0);
  return {
    zeros: (slots) => {
      size = slots;
      const whole = Math.ceil(slots / blockSlots) * blockSlots;
      memory = kernel.room(sumsAt(size) + sumsBytes);
      new Float32Array(memory, 0, whole).fill(0);
      return new Float32Array(memory, 0, slots);
    },
    summarize: () => {
      const blocks = Math.ceil(size / blockSlots);
      const [peaksAt, at] = [blocks * blockSlots * 4, sumsAt(size)];
      kernel.run["sumScores"]?.(blocks, peaksAt, at);
      const sums = new DataView(memory, at, sumsBytes);
      return {
        sum: sums.getFloat64(0, true) + sums.getFloat64(8, true),
        squares: sums.getFloat64(16, true) + sums.getFloat64(24, true),
        matched: sums.getInt32(32, true),
        peaks: new Float32Array(memory, peaksAt, blocks),
      };
    },
  };
}

const sumsBytes = 40;

/** Behind the scores of whole blocks and their peaks. */
const sumsAt = (slots: number): number => {
  const blocks = Math.ceil(slots / blockSlots);
  return blocks * blockSlots * 4 + Math.ceil(blocks / 2) * 8;
};

/**
 * Adding and taking away `coarse` leaves a multiple of 2^-20, and `fine` leaves of the rest a multiple of 2^-46. Sums of
 * either are exact in float64 (below 2^33, and of up to 2^28 rests), hence the same in any order.
 */
const coarse = 1.5 * 2 ** 32;
const fine = 1.5 * 2 ** 6;

/** In plain JavaScript: for few slots, and what the kernel is tested against. */
export function plainScoreMemory(): ScoreMemory {
  let memory = new Float32Array(0);
  let scores = memory;
  return {
    zeros: (slots) => {
      if (memory.length < slots) memory = new Float32Array(slots + (slots >> 2));
      scores = memory.subarray(0, slots).fill(0);
      return scores;
    },
    summarize: () => summarize(scores),
  };
}

function summarize(scores: Float32Array): ScoreSummary {
  const peaks = new Float32Array(Math.ceil(scores.length / blockSlots));
  let matched = 0;
  let [sum, sumRest, squares, squaresRest] = [0, 0, 0, 0];
  for (let slot = 0; slot < scores.length; slot += 1) {
    const score = scores[slot] as number;
    if (score === 0) continue;
    const block = Math.floor(slot / blockSlots);
    if (score > (peaks[block] as number)) peaks[block] = score;
    matched += 1;
    const square = score * score;
    const scorePart = score + coarse - coarse;
    const squarePart = square + coarse - coarse;
    sum += scorePart;
    squares += squarePart;
    sumRest += score - scorePart + fine - fine;
    squaresRest += square - squarePart + fine - fine;
  }
  return { sum: sum + sumRest, squares: squares + squaresRest, matched, peaks };
}
