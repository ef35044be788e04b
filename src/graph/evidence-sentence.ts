import { splitUnits } from "../text/units.ts";
import { nameTokens } from "../text/name-key.ts";

/**
 * The first sentence, list item, row or heading that mentions one of the names, over the texts in order; empty when none does.
 * @param names normalised: that of an entity, and as texts write it where edits gave it another.
 */
export function evidenceSentence(texts: readonly string[], names: readonly string[]): string {
  const wanted = names.map((name) => ` ${name} `);
  for (const text of texts) {
    for (const { start, end } of splitUnits(text)) {
      const sentence = text.slice(start, end);
      const words = ` ${nameTokens(sentence).join(" ")} `;
      if (wanted.some((name) => words.includes(name))) return sentence;
    }
  }
  return "";
}
