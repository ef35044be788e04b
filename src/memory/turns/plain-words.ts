const fencedCode = /(?:^|\n)[ \t]*(?:```|~~~)[\s\S]*?(?:\n[ \t]*(?:```|~~~)[ \t]*(?=\n|$)|$)/g;
const headingOrList = /^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+)/gm;
const rule = /^[ \t]*(?:[-*_][ \t]*){3,}$/gm;
/** What may not stand in a label or an address ends a try early: else brackets that nothing closes take minutes. */
const link = /!?\[([^[\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)/g;
const marks = /\*\*|__|`/g;

/** What a reader hears of a message in Markdown: no blocks of code, no marks. What is nothing but code stays as it is. */
export function plainWords(text: string): string {
  const plain = text
    .replace(fencedCode, "\n")
    .replace(rule, "")
    .replace(headingOrList, "")
    .replace(link, "$1")
    .replace(marks, "")
    .replace(/\s+/g, " ")
    .trim();
  return plain === "" ? text : plain;
}
