import { splitSentences } from "../text/sentences.ts";
import { nameTokens } from "../text/name-key.ts";

/** The first sentence that mentions the name, over the texts in order; empty when none does. */
export function evidenceSentence(texts: readonly string[], entity: string): string {
  const wanted = ` ${entity} `;
  for (const text of texts) {
    for (const { start, end } of splitSentences(text)) {
      const sentence = text.slice(start, end);
      if (` ${nameTokens(sentence).join(" ")} `.includes(wanted)) return sentence;
    }
  }
  return "";
}
