import type { Embedder } from "../ports/embedder.ts";
import type { Analyzer } from "../text/analyze.ts";
import { splitUnits } from "../text/units.ts";
import { mentionsOf, namesIn } from "./answer/names.ts";
import { numbersIn, saysSameNumber } from "./answer/numbers.ts";
import { nameTokens } from "../text/name-key.ts";

/** A sentence that a model wrote, and the sources that it says it is from. */
export interface Claim {
  readonly text: string;
  /** Ids of `ClaimSource`; one or more. */
  readonly cited: readonly string[];
}

export interface ClaimSource {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/**
 * How well the cited sources carry a claim. It tells swapped sources and changed figures from right ones; it does not
 * tell a contradiction from support, so "verified" is about the words, not about their truth.
 */
export type ClaimLevel = "verified" | "weak" | "unsupported" | "number-not-in-source";

export interface CheckedClaim {
  readonly level: ClaimLevel;
  /** Best sentence cosine + .7 · share of the claim's words in its three best sentences; 0 to 1.7. */
  readonly support: number;
  /** As written in the claim. */
  readonly missingNumbers: readonly string[];
  /** A source that was not cited and carries the claim clearly better; null when there is none. */
  readonly betterSource: string | null;
}

export interface ClaimPorts {
  readonly embedder: Pick<Embedder, "embed" | "limits">;
  readonly analyzer: Analyzer;
  /** Inverse document frequency of an analysed word in the collection. */
  readonly idfOf: (term: string) => number;
}

/** Measured on claims and on annual reports with one embedder; see docs. */
const thresholds = { unsupported: 0.75, verified: 1.05, names: 0.5, lead: 0.1 };
const coverageWeight = 0.7;

/** Checks each claim against what it cites, and whether another source would carry it better. In the order given. */
export async function checkClaims(
  ports: ClaimPorts,
  claims: readonly Claim[],
  sources: readonly ClaimSource[],
  signal?: AbortSignal,
): Promise<readonly CheckedClaim[]> {
  const sentences = sources.flatMap((source) =>
    splitUnits(source.text).map(({ start, end }) => ({ source: source.id, text: source.text.slice(start, end) })),
  );
  const vectors = await embedAll(
    ports.embedder,
    [...sentences.map(({ text }) => text), ...claims.map(({ text }) => text)],
    signal,
  );
  const known = sentences.map((sentence, index) => ({
    ...sentence,
    words: new Set(ports.analyzer.analyze(sentence.text)),
    vector: vectors[index]!,
  }));
  return claims.map((claim, index) => checkOne(ports, claim, vectors[sentences.length + index]!, known, sources));
}

interface Sentence {
  readonly source: string;
  readonly words: ReadonlySet<string>;
  readonly vector: Float32Array;
}

function checkOne(
  { analyzer, idfOf }: ClaimPorts,
  claim: Claim,
  vector: Float32Array,
  sentences: readonly Sentence[],
  sources: readonly ClaimSource[],
): CheckedClaim {
  const terms = [...new Set(analyzer.analyze(claim.text))].map((term) => ({ term, idf: idfOf(term) }));
  const supportBy = (ids: readonly string[]) =>
    support(
      terms,
      vector,
      sentences.filter((sentence) => ids.includes(sentence.source)),
    );
  const own = supportBy(claim.cited);
  const cited = sources
    .filter((source) => claim.cited.includes(source.id))
    .map(({ title, text }) => `${title}\n${text}`);
  const missingNumbers = numbersMissing(claim.text, cited);
  const rivals = sources
    .filter((source) => !claim.cited.includes(source.id))
    .map(({ id }) => ({ id, value: supportBy([id]) }));
  const rival = rivals.reduce((best, other) => (other.value > best.value ? other : best), { id: "", value: 0 });
  return {
    level: levelOf(own, missingNumbers, namesFound(claim.text, cited)),
    support: own,
    missingNumbers,
    betterSource: rival.value >= own + thresholds.lead ? rival.id : null,
  };
}

function levelOf(support: number, missingNumbers: readonly string[], names: number): ClaimLevel {
  if (support < thresholds.unsupported) return "unsupported";
  if (missingNumbers.length > 0) return "number-not-in-source";
  return support < thresholds.verified || names < thresholds.names ? "weak" : "verified";
}

interface WeighedTerm {
  readonly term: string;
  readonly idf: number;
}

function support(terms: readonly WeighedTerm[], vector: Float32Array, sentences: readonly Sentence[]): number {
  const total = terms.reduce((sum, { idf }) => sum + idf, 0);
  const share = (words: ReadonlySet<string>) =>
    total > 0 ? terms.reduce((sum, { term, idf }) => sum + (words.has(term) ? idf : 0), 0) / total : 0;
  const scored = sentences.map(({ words, vector: other }) => ({ words, cosine: dot(vector, other) }));
  if (scored.length === 0) return 0;
  const value = ({ words, cosine }: (typeof scored)[number]) => cosine + 0.5 * share(words);
  const best = scored.toSorted((a, b) => value(b) - value(a)).slice(0, 3);
  const cosine = scored.reduce((max, sentence) => Math.max(max, sentence.cosine), 0);
  return cosine + coverageWeight * share(new Set(best.flatMap(({ words }) => [...words])));
}

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

function numbersMissing(claim: string, cited: readonly string[]): readonly string[] {
  const given = cited.flatMap(numbersIn);
  return numbersIn(claim)
    .filter((number) => !given.some((other) => saysSameNumber(number, other)))
    .map(({ text }) => text);
}

/** Share of the claim's names whose words all stand in one cited source; 1 when it has none. */
function namesFound(claim: string, cited: readonly string[]): number {
  const names = namesIn(claim).map(nameTokens);
  const mentions = cited.map(mentionsOf);
  const found = names.filter((words) => mentions.some((source) => words.every((word) => source.words.has(word))));
  return names.length === 0 ? 1 : found.length / names.length;
}

async function embedAll(
  embedder: ClaimPorts["embedder"],
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += embedder.limits.items) {
    const batch = texts.slice(from, from + embedder.limits.items);
    vectors.push(...(await embedder.embed(batch, { kind: "document", signal })).vectors);
  }
  return vectors;
}
