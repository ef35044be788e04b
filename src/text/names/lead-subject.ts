/**
 * What a passage is about, by its first sentence: "The Borgata (2003) is a hotel …" → "Borgata". Stands in for a title
 * where a document has none that says anything.
 */
import { nameTokens } from "../name-key.ts";
import type { TextSpan } from "../sentences.ts";

const longestSubject = 8;
const lead =
  /^\s*(?:(?:The|An?)\s+)?(\p{Lu}[^.!?\n()[\],;:]{1,80}?)\s*(?:\([^()\n]{0,200}\)\s*|\[[^\]\n]{0,200}\]\s*|,[^.!?\n]{1,120}?,\s*)?(?<=[\s)\],])(?:is|are|was|were|refers to|means|may refer to)\b/u;
const pointsElsewhere =
  /^(?:this|that|these|those|it|its|he|she|they|his|her|their|we|our|you|your|i|my|there|here|what|which|who|when|where|why|how|if|in|on|at|as|for|from|by|with|after|before|during|since|while|all|some|many|most|both|one|two|each|another|other|such|no)\b/i;

/** Null when the first sentence does not say "Something is …". */
export function leadSubject(text: string): TextSpan | null {
  const match = lead.exec(text.slice(0, 400));
  const subject = match?.[1];
  if (match === null || subject === undefined || pointsElsewhere.test(subject)) return null;
  const tokens = nameTokens(subject);
  if (tokens.length === 0 || tokens.length > longestSubject || !/\p{L}{3}/u.test(subject)) return null;
  const start = match[0].indexOf(subject);
  return { start, end: start + subject.trimEnd().length };
}

/** A title that says nothing: empty, a number, a file's name, a placeholder. */
export function isEmptyTitle(title: string): boolean {
  const words = nameTokens(title).filter((token) => /\p{L}{3}|\p{Lo}/u.test(token));
  return words.length === 0 || /\.\w{1,5}$/.test(title.trim()) || placeholder.test(title.trim());
}

const placeholder = /^(?:untitled|unknown|document|doc|file|page|passage|text|stdin|part|chunk)[\s_-]*\d*$/i;
