import type { AskedWeight, EntityWeight } from "../ports/graph-store.ts";
import { commonWords } from "../text/common-words.ts";
import { nameTokens } from "../text/name-key.ts";
import { otherSpellings } from "../text/names/other-spellings.ts";
import { englishStopWords } from "../text/stop-words.ts";
import { ask, askEach, together, type Asking } from "./ask.ts";
import { askedInitials, initialForms } from "./initials.ts";

/** A name of the graph that a question means. */
export interface QuestionEntity extends EntityWeight {
  /** As the question has it, normalised: a name of the entity or its other form. */
  readonly asked: string;
  /** The question names the entity itself, and not only what is short for it or the reverse. */
  readonly isNamed: boolean;
}

/** Longest name that is looked for in a question, in tokens. */
const maxTokens = 7;

/**
 * The names of the graph that a question mentions: longest match of its word sequences in the tenant's dictionary,
 * whatever their case, since people type lower case, or of how else people write them ("procter and gamble"); and what
 * these are short for, or what is short for them, also by initials. No guess at misspelt names: a wrong one leads astray.
 */
export function* questionEntities(question: string): Asking<readonly QuestionEntity[]> {
  const tokens = nameTokens(question);
  const sequences = new Set<string>();
  for (let start = 0; start < tokens.length; start++) {
    for (let end = start + 1; end <= Math.min(tokens.length, start + maxTokens); end++) {
      const sequence = tokens.slice(start, end);
      if (!sequence.every(isEmptyWord)) sequences.add(sequence.join(" "));
    }
  }
  const spelled = new Map([...sequences].map((sequence) => [sequence, spellingsOf(sequence)]));
  const weights = yield* ask("weigh", [...new Set([...sequences, ...[...spelled.values()].flat()])]);
  const known = new Map(weights.map((weight) => [weight.asked, weight]));
  for (const [sequence, spellings] of spelled) {
    const weight = spellings.map((spelling) => known.get(spelling)).find((one) => one !== undefined);
    if (weight && !known.has(sequence)) known.set(sequence, { ...weight, asked: sequence });
  }
  const named = longestMatches(tokens, known);
  return [...named.map((weight) => ({ ...weight, isNamed: true })), ...(yield* otherForms(question, named))];
}

/** Other forms of a name that are taken, the best attested first. */
const mostStatements = 20;
/** Statements about a name in more passages than this would take too long to read with every question. */
const mostPassages = 500;

/** What the names of the question are written as elsewhere. */
function* otherForms(question: string, named: readonly AskedWeight[]): Asking<readonly QuestionEntity[]> {
  const names = { initialed: askedInitials(question), full: named.map(({ entity }) => entity) };
  const [initials, shortened] = yield* together(initialForms(names), shortForms(named));
  const asked = new Map(named.map((weight) => [weight.entity, weight.asked]));
  const askedAs = new Map([...initials].map(([entity, from]) => [entity, asked.get(from) ?? from]));
  for (const [entity, from] of shortened) askedAs.set(entity, from);
  for (const { entity } of named) askedAs.delete(entity);
  if (askedAs.size === 0) return [];
  const weights = yield* ask("weigh", [...askedAs.keys()].toSorted());
  // By an edit a form may be a name of the entity itself, and two forms may be names of one.
  const forms = weights
    .filter(({ entity }) => !asked.has(entity))
    .map((weight) => [weight.entity, { ...weight, asked: askedAs.get(weight.asked)!, isNamed: false }] as const);
  return [...new Map(forms).values()];
}

/** "RAG" for "retrieval augmented generation" and the reverse, where a passage says that one is short for the other. */
function* shortForms(named: readonly AskedWeight[]): Asking<ReadonlyMap<string, string>> {
  const looked = named.filter(({ passages }) => passages <= mostPassages);
  const told = yield* askEach(
    "neighbours",
    looked.map(({ entity }) => ({ entity, limit: mostStatements, type: "short for" })),
  );
  const askedAs = new Map<string, string>();
  looked.forEach(({ entity, asked }, at) => {
    for (const { source_entity, target_entity } of told[at]!) {
      askedAs.set(source_entity === entity ? target_entity : source_entity, asked);
    }
  });
  return askedAs;
}

/** What is spelled in more ways than one: "and", initials, numerals. Most sequences have nothing of the kind. */
const isSpelledOtherwise = / and |(?<!\S)\p{L}(?!\S)|^\p{L}{2,4} | (?:\d{1,2}|[ivx]+)(?!\S)/u;

/** No name begins or ends with a word of grammar. */
function spellingsOf(sequence: string): readonly string[] {
  if (!isSpelledOtherwise.test(sequence)) return [];
  const words = sequence.split(" ");
  const isOpen = [words[0]!, words.at(-1)!].some((word) => englishStopWords.has(word) || commonWords.has(word));
  return words.length === 1 || isOpen ? [] : otherSpellings(sequence);
}

const isEmptyWord = (token: string): boolean => token.length < 2 || englishStopWords.has(token);

/** From left to right, the longest known sequence at each place; matches do not overlap. */
function longestMatches(tokens: readonly string[], known: ReadonlyMap<string, AskedWeight>): readonly AskedWeight[] {
  const found = new Map<string, AskedWeight>();
  let start = 0;
  while (start < tokens.length) {
    const match = longestAt(tokens, start, known);
    if (match) found.set(match.weight.entity, match.weight);
    start += match?.length ?? 1;
  }
  return [...found.values()];
}

function longestAt(
  tokens: readonly string[],
  start: number,
  known: ReadonlyMap<string, AskedWeight>,
): { readonly weight: AskedWeight; readonly length: number } | null {
  for (let length = Math.min(maxTokens, tokens.length - start); length > 0; length--) {
    const weight = known.get(tokens.slice(start, start + length).join(" "));
    if (weight) return { weight, length };
  }
  return null;
}
