import type { ChunkName } from "../ports/chunk-store.ts";
import { commonWords } from "../text/common-words.ts";
import { nameTokens } from "../text/name-key.ts";
import { byScore } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import type { Likeness } from "./likeness.ts";

/** How much a passage gains by the document that it stands in. */
export interface DocumentPrior {
  /** From this cosine on two passages say almost the same. */
  readonly copy: number;
  /** Share of the compared hits that need a copy in another document. */
  readonly copied: number;
  /** The best passages of a document speak for it, each with its share of this number. */
  readonly passages: number;
  /** Times the document's lead over the average one. */
  readonly weight: number;
  /** What the best name is worth beside a lead of 1. */
  readonly name: number;
}

/**
 * Among documents that resemble each other page by page (reports of many years, contracts, manuals of one series)
 * words and vectors find the right page of every one of them; which document is meant decides. So each hit is lifted by
 * how much more its document's passages were found than those of the average document, and by the words that the
 * document's id shares with the question. No hit loses. Only for documents that are alike: between others it does harm
 * (docs/decisions/0007-document-prior.md).
 */
export function documentLifted<Known extends ChunkName>(
  hits: readonly FusedHit<Known>[],
  question: string,
  prior: DocumentPrior,
): readonly FusedHit<Known>[] {
  const documents = Map.groupBy(hits, documentOf);
  const leads = leadsOf(documents, prior.passages);
  const names = nameShares([...documents.keys()], question);
  return hits
    .map((hit): FusedHit<Known> => {
      const of = documentOf(hit);
      const document = prior.weight * (leads.get(of)! + prior.name * names.get(of)!);
      return { ...hit, score: hit.score + document, shares: { ...hit.shares, document } };
    })
    .sort(byScore);
}

/** Pages that were given as documents of their own are parts of one: "report.pdf#p7" of "report.pdf", as in addresses. */
const documentOf = ({ candidate }: FusedHit<ChunkName>): string => {
  const id = candidate.chunk.document_id;
  const mark = id.indexOf("#");
  return mark > 0 ? id.slice(0, mark) : id;
};

/** Whether most of the first hits have a copy in another document. `likeness` compares them with each other. */
export function areAlike(
  hits: readonly FusedHit<ChunkName>[],
  likeness: Likeness,
  { copy, copied }: DocumentPrior,
): boolean {
  const documents = hits.slice(0, likeness.length).map(documentOf);
  const copies = likeness.filter((cosines, i) =>
    cosines.some((cosine, j) => cosine >= copy && documents[i] !== documents[j]),
  );
  return likeness.length > 0 && copies.length >= copied * likeness.length;
}

/** By document: what its best passages score together, as far as that is more than the average document's. */
function leadsOf(
  documents: ReadonlyMap<string, readonly FusedHit<ChunkName>[]>,
  passages: number,
): ReadonlyMap<string, number> {
  const found = [...documents].map(([document, hits]) => {
    const best = hits.map(({ score }) => Math.max(0, score)).toSorted((a, b) => b - a);
    return [document, best.slice(0, passages).reduce((sum, score) => sum + score, 0) / passages] as const;
  });
  const average = found.reduce((sum, [, evidence]) => sum + evidence, 0) / found.length;
  return new Map(found.map(([document, evidence]) => [document, Math.max(0, evidence - average)]));
}

/** Longer runs of letters and digits are hashes, not names. */
const longestName = 16;

const namesIn = (text: string): ReadonlySet<string> =>
  new Set(nameTokens(text).filter((token) => token.length <= longestName && !commonWords.has(token)));

/**
 * By document: what the words that its id shares with the question weigh, the fewer documents have them the more; 1 for
 * the best, less where even that one shares little.
 */
function nameShares(documents: readonly string[], question: string): ReadonlyMap<string, number> {
  const asked = namesIn(question);
  const shared = documents.map((document) => [...namesIn(document)].filter((token) => asked.has(token)));
  const having = Map.groupBy(shared.flat(), (token) => token);
  const rarity = (count: number) => Math.log(1 + (documents.length - count + 0.5) / (count + 0.5));
  const weights = shared.map((tokens) => tokens.reduce((sum, token) => sum + rarity(having.get(token)!.length), 0));
  const best = Math.max(leastName * Math.log(1 + documents.length), ...weights);
  return new Map(documents.map((document, index) => [document, weights[index]! / best]));
}

/** A name counts whole from this share of ln(1 + documents) on. */
const leastName = 0.8;
