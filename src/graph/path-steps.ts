import type { ExplicitLinkKind, Pointer } from "../ports/graph-store.ts";
import type { CallOptions } from "../ports/store.ts";
import type { Chunk, Mention } from "../records.ts";
import type { Scope } from "../scope.ts";
import { nameKey } from "../text/name-key.ts";
import { sentenceOf, type EvidenceSentence, type GraphReads } from "./entity-page.ts";
import { evidenceSentence, evidenceSentences, pointingSentence } from "./evidence-sentence.ts";

/** A name, or a passage that another one points at. */
export type Origin = { readonly name: string } | { readonly passage: string };

/** An address in a passage that leads to another one. */
export interface PathLink {
  readonly kind: ExplicitLinkKind;
  readonly address: string;
}

/** From one place to the next over one passage. */
export interface Hop {
  readonly from: Origin;
  readonly to: Origin;
  readonly chunkId: string;
  /** Null where the passage mentions both. */
  readonly link: PathLink | null;
}

/** One passage that mentions two names, or that points at the next passage, with the sentences that do. */
export interface PathStep extends EvidenceSentence {
  /** Normalised names; of a passage that a link leads to, its title. */
  readonly from: string;
  readonly to: string;
  readonly from_name: string;
  readonly to_name: string;
  readonly link: PathLink | null;
}

/** The steps with the sentences of their passages; what can no longer be read is left out. */
export async function spelledOut(
  { chunks, graph }: GraphReads,
  scope: Scope,
  hops: readonly Hop[],
  options?: CallOptions,
): Promise<readonly PathStep[]> {
  if (hops.length === 0) return [];
  const ids = [...new Set(hops.flatMap(({ chunkId, to }) => ("passage" in to ? [chunkId, to.passage] : [chunkId])))];
  const [read, mentions, pointers] = await Promise.all([
    chunks.get(scope, ids, options),
    graph.mentions(scope, ids, options),
    hops.some(({ link }) => link !== null) ? graph.pointers(scope, ids, options) : [],
  ]);
  const known = { chunks: new Map(read.map((chunk) => [chunk.chunk_id, chunk])), mentions, pointers };
  return hops.flatMap((hop) => stepOf(hop, known));
}

interface Known {
  readonly chunks: ReadonlyMap<string, Chunk>;
  readonly mentions: readonly Mention[];
  readonly pointers: readonly Pointer[];
}

function stepOf({ from, to, chunkId, link }: Hop, known: Known): readonly PathStep[] {
  const chunk = known.chunks.get(chunkId);
  if (!chunk) return [];
  const [start, end] = [placeOf(from, chunk, known), placeOf(to, chunk, known)];
  // A passage that was pointed at may have the name as its title: then the link led there.
  if (start.key === end.key) return [];
  const sentences = link === null ? sentencesWith(chunk, [from, to], known) : sentencesOfLink(chunk, from, link, known);
  return [
    {
      ...sentenceOf(chunk, [...new Set(sentences)].filter(Boolean).join(" … ")),
      from: start.key,
      to: end.key,
      from_name: start.name,
      to_name: end.name,
      link,
    },
  ];
}

function placeOf(place: Origin, within: Chunk, known: Known): { readonly key: string; readonly name: string } {
  if ("name" in place) {
    const own = known.mentions.find((one) => one.entity === place.name && one.chunk_id === within.chunk_id);
    return { key: place.name, name: own?.name ?? place.name };
  }
  const chunk = known.chunks.get(place.passage);
  const name = chunk?.title || (chunk?.source ?? place.passage);
  return { key: nameKey(name) || name, name };
}

/** The sentence with both names, else those with either; of a passage that was pointed at, its name needs none. */
function sentencesWith({ content }: Chunk, places: readonly Origin[], known: Known): readonly string[] {
  const [names, others] = places.flatMap((place) => ("name" in place ? [namesOf(place.name, known.mentions)] : []));
  if (names === undefined) return [];
  const sentenceOfNames = evidenceSentences();
  const both = others === undefined ? "" : sentenceOfNames([content], names, others);
  if (both !== "") return [both];
  return [names, others ?? []].map((wanted) => sentenceOfNames([content], wanted));
}

function sentencesOfLink(chunk: Chunk, from: Origin, link: PathLink, known: Known): readonly string[] {
  const pointing = pointingSentence(chunk, link, known.pointers);
  if (!("name" in from)) return [pointing];
  const names = namesOf(from.name, known.mentions);
  return evidenceSentence([pointing], names) === "" ? [evidenceSentence([chunk.content], names), pointing] : [pointing];
}

/** An entity's name, and its names as passages write it. */
const namesOf = (entity: string, mentions: readonly Mention[]): readonly string[] => [
  ...new Set([entity, ...mentions.filter((one) => one.entity === entity).map((one) => nameKey(one.name))]),
];
