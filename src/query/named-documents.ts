import { commonWords } from "../text/common-words.ts";
import { asksForLatest, documentDate, yearIn } from "./document-date.ts";
import { foldText, holdsWord } from "./holds-word.ts";
import { isTelling, nameKeys, nameParts, runsOf } from "./name-parts.ts";

/** What is known of a document that a question may mean. */
export interface KnownDocument {
  readonly id: string;
  /** Its id, title and source, as far as they are known. */
  readonly names: readonly string[];
  /** What its first pages say. */
  readonly cover: string;
  /** Those of its passages that were found for the question. */
  readonly passages: readonly string[];
}

/** How far a question names a document. */
export interface Naming {
  /** 0 to 1: 1 for the one that is named best, less for all where even that one is hardly named. */
  readonly share: number;
  /** Of the question: what the document's id or its first pages have. */
  readonly words: readonly string[];
  /** Share of what they weigh that only the first pages have, 0 to 1. */
  readonly byCover: number;
  /** The question asks for the latest, and among those named alike this is it. */
  readonly isLatest: boolean;
}

/** Words of a question, and the documents that they name. */
interface Sign {
  readonly word: string;
  readonly documents: ReadonlySet<string>;
  readonly weight: number;
  readonly onCover: boolean;
}

/** A document counts as named whole from this share of ln(1 + documents) on. */
const leastName = 0.8;
/** Named this near to the best, documents are named alike, and only the latest of them may be meant. */
const alike = 0.9;
/** Of a year before the latest that the question says, and of a document that is not the latest. */
const earlier = 0.5;
const shortestWord = 3;

/**
 * Weighs by which words a question names which document: runs of words that stand in its id, the fewer documents have
 * them the more; and words of its first pages, as far as the passages with the word lie in documents that name it there.
 * So a company counts, and a subject that happens to be on a first page does not.
 */
export function namedDocuments(question: string, documents: readonly KnownDocument[]): ReadonlyMap<string, Naming> {
  const signs = weighed(signsOf(question, documents), documents.length);
  const weights = new Map(
    documents.map(({ id }) => [id, sum(signs.filter((sign) => sign.documents.has(id)).map(({ weight }) => weight))]),
  );
  const best = Math.max(...weights.values());
  const latest = best > 0 && asksForLatest(question) ? latestOf(documents, weights, alike * best) : null;
  const whole = Math.max(best, leastName * Math.log(1 + documents.length));
  return new Map(
    documents.map(({ id }) => {
      const isPassed = latest !== null && !latest.has(id) && weights.get(id)! >= alike * best;
      const own = signs.filter((sign) => sign.documents.has(id) && sign.weight > 0);
      const byCover = sum(own.filter(({ onCover }) => onCover).map(({ weight }) => weight)) / (weights.get(id)! || 1);
      const share = ((isPassed ? earlier : 1) * weights.get(id)!) / whole;
      return [id, { share, words: own.map(({ word }) => word), byCover, isLatest: latest?.has(id) ?? false }];
    }),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const rarity = (having: number, documents: number): number => Math.log(1 + (documents - having + 0.5) / (having + 0.5));

/** `weight`: the share of its rarity that a sign is worth. */
function signsOf(question: string, documents: readonly KnownDocument[]): readonly Sign[] {
  const parts = nameParts(question);
  const ids = signsOfIds(parts, documents);
  const open = new Set(parts.filter((_, at) => !ids.some(({ start, end }) => at >= start && at < end)));
  // A word that is said twice names no better.
  const once = new Map(ids.map((sign) => [sign.word, sign]));
  return [...once.values(), ...signsOfCovers(open, documents)];
}

/** Of runs that overlap the longest counts. */
function signsOfIds(parts: readonly string[], documents: readonly KnownDocument[]) {
  const keys = documents.map(({ id, names }) => ({ id, keys: new Set(names.flatMap((name) => [...nameKeys(name)])) }));
  const found: (Sign & { readonly start: number; readonly end: number })[] = [];
  for (const { start, length, key } of runsOf(parts)) {
    const end = start + length;
    const isTaken = found.some((other) => start < other.end && other.start < end);
    if (isTaken || key.length < 2 || (length === 1 && commonWords.has(key))) continue;
    const having = new Set(keys.filter((document) => document.keys.has(key)).map(({ id }) => id));
    const word = parts.slice(start, end).join(" ");
    if (having.size > 0) found.push({ word, documents: having, weight: 1, onCover: false, start, end });
  }
  return found;
}

function signsOfCovers(words: ReadonlySet<string>, documents: readonly KnownDocument[]): readonly Sign[] {
  const folded = documents.map(({ id, cover, passages }) => ({
    id,
    cover: foldText(cover),
    passages: passages.map(foldText),
  }));
  return [...words]
    .filter((word) => word.length >= shortestWord && !commonWords.has(word))
    .flatMap((word): readonly Sign[] => {
      const having = new Set(folded.filter(({ cover }) => holdsWord(cover, word)).map(({ id }) => id));
      if (having.size === 0) return [];
      const weight = /\d/.test(word) ? 1 : concentration(word, having, folded);
      return [{ word, documents: having, weight, onCover: true }];
    });
}

/** How much more of the passages with a word lie in these documents than of all passages: 0 at random, 1 for all. */
function concentration(
  word: string,
  having: ReadonlySet<string>,
  documents: readonly Pick<KnownDocument, "id" | "passages">[],
): number {
  const counts = documents.map(({ id, passages }) => ({
    isNamed: having.has(id),
    all: passages.length,
    holding: passages.filter((passage) => holdsWord(passage, word)).length,
  }));
  const named = counts.filter(({ isNamed }) => isNamed);
  const holding = sum(counts.map((count) => count.holding));
  if (holding === 0) return 1;
  const expected = sum(named.map(({ all }) => all)) / sum(counts.map(({ all }) => all));
  if (expected >= 1) return 0;
  return Math.max(0, (sum(named.map((count) => count.holding)) / holding - expected) / (1 - expected));
}

/** By rarity; of several years that a question says the last is the one that a report is of, others it compares with. */
function weighed(signs: readonly Sign[], documents: number): readonly Sign[] {
  const years = signs.map(({ word }) => yearIn(word)).filter((year) => year !== null);
  const last = Math.max(...years);
  return signs.map((sign) => {
    const year = yearIn(sign.word);
    const share = sign.weight * (year !== null && year < last ? earlier : 1);
    return { ...sign, weight: share * rarity(sign.documents.size, documents) };
  });
}

function latestOf(
  documents: readonly KnownDocument[],
  weights: ReadonlyMap<string, number>,
  least: number,
): ReadonlySet<string> {
  const named = documents.filter(({ id }) => weights.get(id)! >= least);
  const dates = new Map(named.map(({ id, names, cover }) => [id, documentDate(names.filter(isTelling), cover)]));
  const last = Math.max(...dates.values());
  return new Set(named.map(({ id }) => id).filter((id) => dates.get(id) === last));
}
