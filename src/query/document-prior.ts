import type { ChunkName } from "../ports/chunk-store.ts";
import { documentOf } from "./document-of.ts";
import { byScore } from "./fuse.ts";
import type { FusedHit } from "./fusion.ts";
import type { Likeness } from "./likeness.ts";
import type { Naming } from "./named-documents.ts";
import { numberDensity } from "./number-density.ts";

/** How much a passage gains by the document that it stands in. */
export interface DocumentPrior {
  /** From this cosine on two passages say almost the same. */
  readonly copy: number;
  /** Share of the compared hits that need a copy in another document. */
  readonly copied: number;
  /** The same where several passages of each of many documents were found. */
  readonly copied_among_mixed: number;
  /** The best passages of a document speak for it, each with its share of this number. */
  readonly passages: number;
  /** Times what a passage gains in all. */
  readonly weight: number;
  /** What being named is worth beside a lead of 1. */
  readonly name: number;
  /** What nothing but numbers is worth beside it, for a question that asks for them. */
  readonly numbers: number;
}

/** What a passage gained by its document, as parts of its score. */
export interface DocumentGain {
  /** For what else of the document was found. */
  readonly lead: number;
  /** For being named. */
  readonly name: number;
  readonly named_by: readonly string[];
  /** The question asks for the latest, and this is it. */
  readonly latest: boolean;
  /** For the numbers in the passage. */
  readonly numbers: number;
}

/** What a question is about, as far as it lifts passages. */
export interface Asked {
  readonly resemblance: Resemblance;
  /** By document. */
  readonly naming: ReadonlyMap<string, Naming>;
  readonly forNumbers: boolean;
  /** Ids of chunks that say what their document is by the question's own words. */
  readonly covers: ReadonlySet<string>;
  /** What a passage says, where it was read. */
  readonly contentOf: (hit: FusedHit<ChunkName>) => string;
}

/**
 * Among documents that resemble each other page by page (reports of many years, contracts, manuals of one series)
 * words and vectors find the right page of every one of them; which document is meant decides. So each hit is lifted by
 * how much more its document's passages were found than those of the average document, by how far the question names
 * the document, and, for a question of figures, by how many stand in the passage. No hit loses. Only for documents that
 * are alike: between others it does harm (docs/decisions/0007-document-prior.md).
 */
export function documentLifted<Known extends ChunkName>(
  hits: readonly FusedHit<Known>[],
  prior: DocumentPrior,
  { resemblance, naming, forNumbers, covers, contentOf }: Asked,
): readonly FusedHit<Known>[] {
  // What else of a document was found says which one is meant only where all of them have such passages.
  const leads = resemblance === "mixture" ? null : leadsOf(Map.groupBy(hits, documentOf), prior.passages);
  return hits
    .map((hit): FusedHit<Known> => {
      const of = documentOf(hit);
      const { chunk_id } = hit.candidate.chunk;
      const named = naming.get(of);
      const gained: DocumentGain = {
        lead: prior.weight * (leads?.get(of) ?? 0),
        name: prior.weight * prior.name * (named === undefined ? 0 : namedShare(named, covers.has(chunk_id))),
        named_by: named?.words ?? [],
        latest: named?.isLatest ?? false,
        numbers: forNumbers ? prior.weight * prior.numbers * numberDensity(contentOf(hit)) : 0,
      };
      const document = gained.lead + gained.name + gained.numbers;
      return { ...hit, score: hit.score + document, shares: { ...hit.shares, document }, gained };
    })
    .sort(byScore);
}

/** What a cover keeps: the words by which it names its document have lifted it already, and it seldom says what else is asked. */
const ofCover = 1 / 3;

const namedShare = ({ share, byCover }: Naming, isCover: boolean): number =>
  isCover ? share * (1 - (1 - ofCover) * byCover) : share;

/**
 * What the first hits say of the documents that they lie in; `likeness` compares the first with each other. `copies`:
 * most hits have a copy in another document, or fewer do among several passages of each of many documents. `mixture`:
 * only the latter.
 */
export type Resemblance = "copies" | "mixture";

/** Null where no document is to be preferred. */
export function resemblanceOf(
  hits: readonly FusedHit<ChunkName>[],
  likeness: Likeness,
  prior: DocumentPrior,
): Resemblance | null {
  if (likeness.length === 0) return null;
  const documents = hits.slice(0, likeness.length).map(documentOf);
  const copies = likeness.filter((cosines, i) =>
    cosines.some((cosine, j) => cosine >= prior.copy && documents[i] !== documents[j]),
  );
  const copied = copies.length / likeness.length;
  if (copied >= prior.copied) return "copies";
  if (!areMixed(hits, likeness.length)) return null;
  return copied >= prior.copied_among_mixed ? "copies" : "mixture";
}

/** As many as the legs list at least, so that a longer list does not change what is seen. */
const lookedAt = 100;
const fewestDocuments = 8;
const fewestPassages = 4;
const fewestAmongFirst = 3;

/** Unlike texts give nearly all hits from one of them, short ones a hit or two from each. */
function areMixed(hits: readonly FusedHit<ChunkName>[], first: number): boolean {
  const documents = hits.slice(0, lookedAt).map(documentOf);
  const different = new Set(documents).size;
  if (different < fewestDocuments || documents.length < fewestPassages * different) return false;
  const counts = [...Map.groupBy(documents.slice(0, first), (id) => id).values()].map((of) => of.length / first);
  // The number of equally frequent documents that would be as mixed (inverse Simpson index).
  return 1 / counts.reduce((sum, share) => sum + share ** 2, 0) >= fewestAmongFirst;
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
