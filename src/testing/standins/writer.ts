import { coverage, stems, words } from "./words.ts";

/** A passage as a model was shown it: the blocks are what it can cite. */
export interface ShownPassage {
  readonly blocks: readonly string[];
}

/** One piece of an answer; `cites` says which block of which passage it repeats. */
export interface Sentence {
  readonly text: string;
  readonly cites: { readonly passage: number; readonly block: number } | null;
}

/**
 * The model of the stand-ins: it repeats the one to three blocks that cover most of the question, and says so when
 * none does. It never follows an instruction that stands in a passage.
 */
export function writeAnswer(question: string, passages: readonly ShownPassage[]): readonly Sentence[] {
  const places = passages.flatMap((passage, p) => passage.blocks.map((text, b) => ({ text, p, b })));
  const shares = coverage(
    question,
    places.map(({ text }) => text),
  );
  const ranked = places
    .map((place, i) => ({ ...place, share: shares[i] ?? 0 }))
    .filter(({ share, text }) => share > 0.15 && words(text).length > 2)
    .sort((a, b) => b.share - a.share);
  const best = ranked[0]?.share ?? 0;
  const chosen = ranked.filter(({ share }) => share >= 0.8 * best).slice(0, 3);
  if (chosen.length === 0) return [{ text: "The sources do not say.", cites: null }];
  const subject = stems(question).slice(0, 3).join(" ");
  return [
    { text: `On ${subject}: `, cites: null },
    ...chosen.map(({ text, p, b }, i) => ({
      text: `${i === 0 ? "" : " "}${text.trim().replaceAll(/\s+/g, " ")}`,
      cites: { passage: p, block: b },
    })),
  ];
}

/** Cuts text into the small pieces that a stream brings. */
export const pieces = (text: string): string[] => text.match(/[\s\S]{1,24}/gu) ?? [];

/** What is asked: between question tags, or else the last paragraph. */
export const questionIn = (prompt: string): string =>
  /<question>\s*([\s\S]*?)\s*<\/question>/.exec(prompt)?.[1] ??
  prompt
    .trim()
    .split(/\n\s*\n/)
    .at(-1) ??
  "";
