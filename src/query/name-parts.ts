/** Longer runs of letters and digits are hashes, not names. */
const longestName = 16;

const longestRun = 4;

/** Parts next to each other, written together: "best" and "buy" are "bestbuy". */
export interface Run {
  readonly start: number;
  readonly length: number;
  readonly key: string;
}

/**
 * What a name or a question is made of: runs of letters and runs of digits, in lower case, without marks, possessives
 * parted from their word, a fiscal year whole. "BestBuy FY23" → best, buy, fy, 2023.
 */
export function nameParts(text: string): readonly string[] {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}|['’]s\b/gu, "");
  return (
    plain
      .replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
      .replaceAll(/\bfy\s*['’]?(\d\d)\b/giu, "fy 20$1")
      .toLowerCase()
      .match(/\p{L}+|\p{N}+/gu) ?? []
  );
}

/** Runs of up to four parts, the longest first: "10-K" and "10K" are one. */
export function runsOf(parts: readonly string[]): readonly Run[] {
  const lengths = Array.from({ length: Math.min(longestRun, parts.length) }, (_, at) => at + 1).toReversed();
  return lengths.flatMap((length) =>
    Array.from({ length: parts.length - length + 1 }, (_, start) => ({
      start,
      length,
      key: parts.slice(start, start + length).join(""),
    })),
  );
}

/** By which runs a document is found that has this name. */
export const nameKeys = (name: string): readonly string[] =>
  runsOf(nameParts(wordsOf(name).filter(isNamed).join(" "))).map(({ key }) => key);

/** Whether a name has no hash in it, so that a year in it is one. */
export const isTelling = (name: string): boolean => wordsOf(name).every(isNamed);

const wordsOf = (name: string): readonly string[] => name.split(/[^\p{L}\p{M}\p{N}'’]+/u);

/** Letters and digits in turns, or a long run of both, are a hash. */
const isNamed = (word: string): boolean =>
  !/\d/.test(word) || (word.length <= longestName && nameParts(word).length <= longestRun);
