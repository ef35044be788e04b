/**
 * What a passage is about, by its first sentence: "The Borgata (2003) is a hotel …" → "Borgata". Stands in for a title
 * where a document has none that says anything.
 */
import { nameTokens } from "../name-key.ts";
import type { TextSpan } from "../sentences.ts";
import type { NamedRun, TaggedToken } from "./tagged-token.ts";

const longestSubject = 10;
const looked = 500;

/** Typewriters quote with "``" and "''". */
const quotes = "\"“”'‘’`";
const verb = String.raw`\s+(?:is|are|was|were|refers? to|means|may refer to)\b(?<article>\s+(?:an?|the|one)\b)?`;
const lead = new RegExp(
  String.raw`^\s*(?:(?:The|An?)\s+)?[${quotes}]{0,2}(?<subject>[\p{Lu}\p{N}][^.!?\n()[\]",;:]{1,100}?)[${quotes}]{0,2}` +
    String.raw`(?<aside>\s*,[^.!?\n]{1,160}?,)?${verb}`,
  "u",
);
/** Works are quoted, and their titles may hold anything: “Fool (If You Think It's Over)” is a song. */
const quotedLead = new RegExp(
  String.raw`^\s*(?:["“]|${"``"})\s*(?<subject>[^"“”${"`"}\n]{2,90}?)\s*(?:["”]|'')\s*(?:\([^()\n]{0,200}\)\s*)?(?:is|was|are|were)\s+(?:an?|the)\b`,
  "u",
);
/** An article and a small letter: "The name was" is about no name. */
const commonSubject = new RegExp(String.raw`^\s*(?:The|An?)\s+[${quotes}]{0,2}\p{Ll}`, "u");
const pointsElsewhere =
  /^(?:this|that|these|those|it|its|he|she|they|his|her|their|we|our|you|your|i|my|there|here|what|which|who|when|where|why|how|if|in|on|at|as|for|from|by|with|after|before|during|since|while|although|though|because|originally|below|above|all|some|many|most|both|one|two|each|another|other|such|no)\b/i;

/** Null when the first sentence does not say "Something is …". */
export function leadSubject(text: string): TextSpan | null {
  const beginning = text.slice(0, looked);
  return subjectOf(quotedLead.exec(beginning)) ?? namedSubject(withoutAsides(beginning));
}

/** "Thomas Alva Edison (February 11, 1847 – …": a bracket with the years of a life. */
const life =
  /^\s*\([^()\n]{0,80}?(?:\bborn\b|\bb\.|\bn[ée]e\b|\b\d{3,4}\b[^()\n]{0,60}[–—-]|[–—-]{1,2}\s*[^()\n]{0,40}\d{4}\s*\))/iu;
const knownAs = new RegExp(
  String.raw`\b(?:known|called|credited|nicknamed|abbreviated)(?: \p{Ll}+ly)?(?: as)? (?:the )?[${quotes}]{0,2}(?<name>\p{Lu}[^.!?\n()[\]",;“”]{1,60}?)(?=[${quotes}]{0,2}(?:[,;)]|\s+(?:is|are|was|were|or|and)\b))`,
  "u",
);

/**
 * Other names that the first sentence has for its subject: what it is known as, and of a person with middle names the
 * first and the last.
 */
export function otherLeadNames(text: string, { start, end }: TextSpan): readonly string[] {
  const rest = text.slice(end, looked);
  const known = knownAs.exec(rest.slice(0, /[.!?]\s+\p{Lu}\p{Ll}/u.exec(rest)?.index ?? 200).slice(0, 200));
  const words = text
    .slice(start, end)
    .split(/\s+/u)
    .filter((word) => !/^(?:Jr|Sr|II|III|IV)\.?$/u.test(word));
  const isPerson = words.length > 2 && words.length < 6 && life.test(rest);
  return [
    ...(isPerson && /^\p{Lu}\p{Ll}/u.test(words[0]!) ? [`${words[0]} ${words.at(-1)}`] : []),
    ...(known === null ? [] : [known.groups!["name"]!.trimEnd()]),
  ];
}

/**
 * The name of two words or more that a passage begins with where a verb follows: "Virgin Group owns …". With names of one
 * word the answers of a forum become titles of what they recommend ("Google provides …"), and links lead astray.
 */
export function leadRun(tokens: readonly TaggedToken[], runs: readonly NamedRun[]): NamedRun | null {
  const [run] = runs;
  const before = tokens.slice(0, run?.first ?? 0).filter(({ tag }) => tag !== "SPACE" && tag !== "PUNCT");
  if (
    run === undefined ||
    run.first === run.last ||
    before.length > 1 ||
    before.some(({ text }) => !/^(?:The|An?)$/.test(text))
  )
    return null;
  const after = tokens[run.last + 1];
  return after !== undefined && (after.tag === "VERB" || after.tag === "AUX") ? run : null;
}

function namedSubject(sentence: string): TextSpan | null {
  const match = lead.exec(sentence);
  const span = subjectOf(match);
  if (match === null || span === null || pointsElsewhere.test(sentence.slice(span.start))) return null;
  const isSaid = (match.groups?.["article"] ?? match.groups?.["aside"]) !== undefined;
  const isName = capitals(sentence.slice(span.start, span.end)) > 1;
  return isName || (isSaid && !commonSubject.test(sentence)) ? span : null;
}

function subjectOf(match: RegExpExecArray | null): TextSpan | null {
  const subject = match?.groups?.["subject"]?.trimEnd();
  if (match === null || subject === undefined) return null;
  const tokens = nameTokens(subject);
  if (tokens.length === 0 || tokens.length > longestSubject || !/\p{L}{3}/u.test(subject)) return null;
  const start = match[0].indexOf(subject);
  return { start, end: start + subject.length };
}

/** Two words with capitals or numbers make a proper name; one may be any noun at the head of a sentence. */
const capitals = (subject: string): number => subject.match(/(?<![\p{L}\p{N}])[\p{Lu}\p{N}]/gu)?.length ?? 0;

/**
 * The same text, place for place, where brackets are blank, however deep, and neither initials nor forms of address end
 * a name.
 */
function withoutAsides(text: string): string {
  let depth = 0;
  let whole = "";
  for (const character of text) {
    if (character === "(" || character === "[") depth++;
    whole += depth > 0 && character !== "\n" ? " ".repeat(character.length) : character;
    if ((character === ")" || character === "]") && depth > 0) depth--;
  }
  return whole
    .replaceAll(
      /(?<![\p{L}\p{N}])(?:\p{Lu}|Mr|Mrs|Ms|Dr|St|Jr|Sr|No|Vol|Inc|Ltd|Co)\./gu,
      (short) => `${short.slice(0, -1)}·`,
    )
    .replaceAll(/,(?= (?:Inc|Ltd|Jr|Sr|LLC|II|III)\b)/gu, "·");
}

/** A title that says nothing: empty, a number, a file's name, a placeholder. */
export function isEmptyTitle(title: string): boolean {
  const words = nameTokens(title).filter((token) => /\p{L}{3}|\p{Lo}/u.test(token));
  const trimmed = title.trim();
  return words.length === 0 || /\.\w{1,5}$/.test(trimmed) || placeholder.test(trimmed) || numberedName.test(trimmed);
}

const placeholder = /^(?:untitled|unknown|document|doc|file|page|passage|text|stdin|part|chunk)[\s_-]*\d*$/i;
/** "corpus_0001", "wiki-00042": the name of one file of many. */
const numberedName = /^[\p{L}\p{N}._-]*[\p{L}_-]0\d{1,9}$/u;
