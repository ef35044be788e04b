import { createHash } from "node:crypto";
import { embeddedText } from "./embedded-text.ts";

interface StoredPassage {
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly content: string;
  /** SHA-256 of the text that its vector was made of. */
  readonly embedding_hash: string;
}

interface Limit {
  readonly countTokens: (text: string) => number;
  readonly maxTokens: number;
}

interface RestoredText {
  readonly text: string;
  readonly tokens: number;
  readonly embedding_hash: string;
}

/**
 * The text that stands for a stored chunk in the index of an embedder. Which of its headings stand above the chunk, and
 * not in it, is not stored: it is what gives the hash of the text before. Where another embedder's limit had cut that
 * text, headings that the content holds are taken for its own.
 */
export function restoredText(passage: StoredPassage, limit: Limit): RestoredText {
  const { title, heading_path: path, content } = passage;
  const whole = { countTokens: () => 0, maxTokens: Infinity };
  const same = headingsAbove(path).find(
    (headings) => sha256(embeddedText({ title, headings }, content, whole).text) === passage.embedding_hash,
  );
  const headings = same ?? path.filter((heading) => !content.includes(heading));
  const { text, tokens } = embeddedText({ title, headings }, content, limit);
  return { text, tokens, embedding_hash: sha256(text) };
}

/** Outer headings begin before inner ones; last may stand the header of a table, which is above its rows. */
function headingsAbove(path: readonly string[]): readonly (readonly string[])[] {
  const lengths = path.map((_heading, index) => path.length - index);
  return [
    ...lengths.flatMap((length) => [path.slice(0, length), [...path.slice(0, length - 1), ...path.slice(-1)]]),
    [],
  ];
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
