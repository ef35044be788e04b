/**
 * Names in a question by its capitals and quotes, without a tagger: fast enough for any thread. Questions in lower case
 * have none; for them the dictionary of the collection decides (see `graph/question-entities.ts`).
 */

const quotedPhrase = /["“«]([^"“”«»\n]{2,100})["”»]/gu;
const capitalWord = /[\p{Lu}\p{N}][\p{L}\p{N}.&’'/-]*/u.source;
const linker = "(?:of the|of|de la|de|del|der|den|di|da|du|la|le|van der|van|von|bin|ibn|and the|&|for|in the)";
const capitalRun = new RegExp(`(?<![\\p{L}\\p{N}])${capitalWord}(?:(?:\\s${linker})?\\s${capitalWord})*`, "gu");
const firstWords = new Set(
  (
    "what which who whom whose when where why how is are was were do does did can could should would will has have had " +
    "the a an in on at of for from to by with and or if please tell give list name find show explain describe compare " +
    "it its he she they his her their this that these those there"
  ).split(" "),
);

/** As written, without repetition, in the order of the question. */
export function questionNames(question: string): string[] {
  const quoted = Array.from(question.matchAll(quotedPhrase), ([, phrase]) => phrase!.trim());
  const runs = Array.from(question.matchAll(capitalRun), ([run]) => withoutFirstWords(run));
  return [...new Set([...quoted, ...runs])].filter((name) => /\p{L}/u.test(name));
}

function withoutFirstWords(run: string): string {
  const words = run.split(/\s/);
  const start = words.findIndex((word) => !firstWords.has(word.toLowerCase()));
  const name = start === -1 ? "" : words.slice(start).join(" ");
  return name.replace(/['’]s?$|[.'’/&-]+$/u, "");
}
