/** Words that a text gives a meaning to: definitions, and short forms beside their long ones. */

export interface DefinedTerm {
  readonly term: string;
  readonly start: number;
  readonly end: number;
  /** The long form that the term stands for, where the text names it; offsets are into the same text. */
  readonly longForm: { readonly text: string; readonly start: number; readonly end: number } | null;
}

/** “Company” means …; "Affiliate" shall mean …; (the "Agreement"); hereinafter "Seller". */
const quoted = /["“]([\p{L}\p{N}][\p{L}\p{N} .&/’'-]{1,60})["”]/u.source;
const meansPattern = new RegExp(`${quoted}\\s+(?:shall\\s+)?(?:means?|refers? to|is defined as|denotes)\\b`, "gu");
const hereinPattern = new RegExp(
  `\\((?:[^()]{0,40}\\s)?(?:the|an?|each|collectively,?(?: the)?|hereinafter|or)\\s*,?\\s*${quoted}\\)`,
  "gu",
);
/** **Term**: …, - `term`: …, the form of glossaries and option lists. */
const glossaryPattern = /^[ \t]*(?:[-*+][ \t]+)?(?:\*\*|`)([\p{L}\p{N}][^*`\n]{1,60}?):?(?:\*\*|`)[ \t]*[:–—-][ \t]/gmu;
/** Retrieval-Augmented Generation (RAG). */
const shortFormPattern = /\(([\p{Lu}][\p{L}\p{N}&.-]{1,9}s?)\)/gu;

/** In the order of the text, each place once. */
export function findDefinedTerms(text: string): DefinedTerm[] {
  const found = [
    ...[meansPattern, hereinPattern, glossaryPattern].flatMap((pattern) => termsOf(pattern, text)),
    ...shortFormsIn(text),
  ].toSorted((a, b) => a.start - b.start || b.end - a.end);
  return found.filter((term, index) => index === 0 || term.start >= found[index - 1]!.end);
}

const termsOf = (pattern: RegExp, text: string): DefinedTerm[] =>
  [...text.matchAll(pattern)].map(({ 0: whole, 1: term, index }) => {
    const start = index + whole.indexOf(term!);
    return { term: term!, start, end: start + term!.length, longForm: null };
  });

function shortFormsIn(text: string): DefinedTerm[] {
  return [...text.matchAll(shortFormPattern)].flatMap(({ 1: short, index }) => {
    const longForm = longFormBefore(text, index, short!);
    const start = index + 1;
    return longForm === null ? [] : [{ term: short!, start, end: start + short!.length, longForm }];
  });
}

const smallWords = new Set(["of", "the", "and", "for", "in", "on", "to", "de", "&"]);

/** The words before the bracket whose initials are the short form, small words aside. */
function longFormBefore(text: string, bracket: number, short: string): DefinedTerm["longForm"] {
  const letters = short
    .replace(/s$/, "")
    .replaceAll(/[^\p{L}]/gu, "")
    .toLowerCase();
  if (letters.length < 2) return null;
  const windowStart = Math.max(0, bracket - 120);
  const words = [...text.slice(windowStart, bracket).matchAll(/[\p{L}\p{N}]+/gu)];
  let left = letters.length;
  for (let at = words.length - 1; at >= 0 && left > 0; at--) {
    const word = words[at]![0];
    const isNext = word[0]!.toLowerCase() === letters[left - 1];
    if (isNext) left--;
    else if (!smallWords.has(word.toLowerCase())) return null;
    if (left === 0) {
      const start = windowStart + words[at]!.index;
      const long = text.slice(start, bracket).trimEnd();
      return /[.!?\n;:()]/.test(long) ? null : { text: long, start, end: start + long.length };
    }
  }
  return null;
}
