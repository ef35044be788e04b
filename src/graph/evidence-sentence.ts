import type { Chunk, PassageLink } from "../records.ts";
import { splitUnits } from "../text/units.ts";
import { nameTokens } from "../text/name-key.ts";

/**
 * The first sentence, list item or row that mentions one of the names, over the texts in order; where none does, the
 * first such heading; else empty.
 * @param names normalised: that of an entity, and as texts write it where edits gave it another.
 * @param others it must mention one of these, too.
 */
export function evidenceSentence(
  texts: readonly string[],
  names: readonly string[],
  others: readonly string[] | null = null,
): string {
  let heading = "";
  for (const text of texts) {
    for (const { start, end, kind } of splitUnits(text)) {
      const sentence = text.slice(start, end);
      const words = ` ${nameTokens(sentence).join(" ")} `;
      const hasOne = (wanted: readonly string[]): boolean => wanted.some((name) => words.includes(` ${name} `));
      if (!hasOne(names) || (others !== null && !hasOne(others))) continue;
      if (kind !== "heading") return sentence;
      heading ||= sentence;
    }
  }
  return heading;
}

/** The sentence, list item or row at a place of a text, or else the next one after it. */
function sentenceAt(text: string, offset: number): string {
  const units = splitUnits(text);
  const unit = units.find(({ end }) => end > offset) ?? units.at(-1);
  return unit === undefined ? "" : text.slice(unit.start, unit.end);
}

/** The sentence of a passage that points somewhere. */
export const pointingSentence = ({ content, span }: Chunk, { start }: Pick<PassageLink, "start">): string =>
  sentenceAt(content, start - span.start);
