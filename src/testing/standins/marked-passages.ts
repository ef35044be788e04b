import { questionIn, type Sentence, writeAnswer } from "./writer.ts";

/**
 * Answers from passages that stand in a prompt as text, for providers without citations: `<source… id="3" …>` lines
 * around each text, and the question after the last of them.
 */
export function answerMarked(prompt: string): readonly Sentence[] {
  const found = [...prompt.matchAll(/<(source[\w-]*)\s+id="(\d+)"[^>]*>\n([\s\S]*?)\n<\/\1>/g)];
  const passages = found.map(([, , id, text]) => ({ id: id ?? "", blocks: sentences(text ?? "") }));
  const last = found.at(-1);
  const rest = last === undefined ? prompt : prompt.slice(last.index + last[0].length);
  return writeAnswer(questionIn(rest), passages).map(({ text, cites }) =>
    cites === null ? { text, cites } : { text: `${text} [${passages[cites.passage]?.id}]`, cites },
  );
}

const sentences = (text: string): string[] =>
  text.split(/(?<=[.!?])\s+(?=\p{Lu})|\n{2,}/u).filter((part) => part.trim());
