/** Parts of speech by wink-nlp's English model. Opening it takes a tenth of a second: not for a thread that serves. */
import { createRequire } from "node:module";
import type { IsWord } from "../../text/names/named-runs.ts";
import type { TaggedToken } from "../../text/names/tagged-token.ts";

/** The part of wink-nlp that is used. Its own types describe a default export that Node does not see. */
interface Wink {
  readDoc(text: string): { tokens(): { out(property: unknown): string[] } };
  readonly its: { readonly value: unknown; readonly pos: unknown; readonly uniqueId: unknown };
}

export interface Tagger {
  readonly tag: (text: string) => TaggedToken[];
  readonly isWord: IsWord;
}

/** Words that are remembered. */
const mostWords = 20_000;
/** Those that were met: who forgets them meets them again, which changes nothing. */
const mostMet = 200_000;
const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;

export function openTagger(): Tagger {
  const require = createRequire(import.meta.url);
  const open = require("wink-nlp") as (model: unknown, parts: readonly string[]) => Wink;
  const wink = open(require("wink-eng-lite-web-model"), ["sbd", "pos"]);
  // The model keeps what it made of a word when it first met it, and a part of "NACA-101" is another thing than "101".
  // So each word is first met by itself: what a text is taken for must not depend on the texts before it.
  const met = new Set<string>();
  const meet = (text: string): void => {
    const words = [...new Set(text.match(wordPattern))].filter((word) => !met.has(word));
    if (words.length === 0) return;
    if (met.size >= mostMet) met.clear();
    wink.readDoc(words.join("\n"));
    for (const word of words) met.add(word);
  };
  const tag: Tagger["tag"] = (text) => {
    meet(text);
    const tokens = wink.readDoc(text).tokens();
    const words = tokens.out(wink.its.value);
    const tags = tokens.out(wink.its.pos);
    let at = 0;
    return words.flatMap((word, index) => {
      // Found anew: the tagger miscounts blanks beyond ASCII.
      const start = text.indexOf(word, at);
      if (start === -1 || word === "") return [];
      at = start + word.length;
      return [{ text: word, tag: tags[index]!, start, end: at }];
    });
  };
  // Words that the model lacks are numbered on from those that it has.
  const idOf = (word: string): number => Number(wink.readDoc(word).tokens().out(wink.its.uniqueId)[0] ?? 0);
  const firstUnknown = idOf("zqxvjkqz");
  const known = new Map<string, boolean>();
  const isWord: IsWord = (word) => {
    const remembered = known.get(word);
    if (remembered !== undefined) return remembered;
    if (known.size >= mostWords) known.clear();
    const found = idOf(word) < firstUnknown;
    known.set(word, found);
    return found;
  };
  return { tag, isWord };
}
