import type { EntityWeight, LinkedPassage, LinkKind, LinkResult } from "../../../ports/graph-store.ts";
import type { NamedPassage } from "./build-graph-segment.ts";
import type { Link, PlaceScores } from "./follow-links.ts";
import { asTitle } from "./graph-segment.ts";
import type { Place } from "./graph-view.ts";

/** A result on its way to the main thread: each text once, everything else as numbers, which cross without work. */
export interface SentLinks extends PlaceScores {
  /** Chunk ids, then names, one behind the other: one long text crosses faster than many short ones. */
  readonly text: string;
  readonly textLengths: Int32Array;
  readonly passages: number;
  /** Per edge: the indexes of its ends, of its name, of its kind. */
  readonly edges: Int32Array;
  /** Per mention of a name that was asked about: passage, name, whether it is the title. */
  readonly mentioned: Int32Array;
  /** Per name that a seed mentions: name, passages, titled. */
  readonly weights: Int32Array;
}

const kinds: readonly LinkKind[] = [
  ...(["forward", "back", "shared", "subname"] as const),
  ...(["hyperlink", "reference", "file", "ticket", "reply", "citation"] as const),
];

interface FoundLinks {
  readonly links: readonly Link[];
  readonly reached: readonly Place[];
  readonly scores: PlaceScores;
  readonly mentioned: (place: Place) => readonly NamedPassage[];
  readonly weights: readonly EntityWeight[];
}

export function sentLinks({ links, reached, scores, mentioned, weights }: FoundLinks): SentLinks {
  const names = new Map<string, number>();
  const nameOf = (entity: string): number => {
    const known = names.get(entity);
    if (known !== undefined) return known;
    names.set(entity, names.size);
    return names.size - 1;
  };
  const indexes = new Map(reached.map((place, index) => [place, index]));
  const edges = new Int32Array(links.length * 4);
  links.forEach(({ from, to, entity, kind }, at) => {
    edges[at * 4] = indexes.get(from)!;
    edges[at * 4 + 1] = indexes.get(to)!;
    edges[at * 4 + 2] = nameOf(entity);
    edges[at * 4 + 3] = kinds.indexOf(kind);
  });
  const mentions = reached.flatMap((place, index) =>
    mentioned(place).flatMap(({ entity, flags }) => [index, nameOf(entity), flags & asTitle]),
  );
  const weighed = weights.flatMap((weight) => [nameOf(weight.entity), weight.passages, weight.titled]);
  const texts = [...reached.map((place) => place.id), ...names.keys()];
  return {
    ...scores,
    text: texts.join(""),
    textLengths: Int32Array.from(texts, (text) => text.length),
    passages: reached.length,
    edges,
    mentioned: Int32Array.from(mentions),
    weights: Int32Array.from(weighed),
  };
}

/** As the port has it. */
export function receivedLinks(sent: SentLinks): LinkResult {
  const texts = textsOf(sent);
  const ids = texts.slice(0, sent.passages);
  const names = texts.slice(sent.passages);
  const entities: LinkedPassage["entities"][number][][] = ids.map(() => []);
  for (const [index, name, title] of inRows(sent.mentioned, 3)) {
    entities[index!]!.push({ entity: names[name!]!, title: title === asTitle });
  }
  return {
    edges: inRows(sent.edges, 4).map(([from, to, name, kind]) => ({
      from: ids[from!]!,
      to: ids[to!]!,
      entity: names[name!]!,
      kind: kinds[kind!]!,
    })),
    passages: ids.map((chunk_id, index) => ({
      chunk_id,
      cosine: Number.isNaN(sent.cosines[index]) ? null : sent.cosines[index]!,
      bm25: sent.bm25[index]!,
      mask: sent.masks[index]!,
      entities: entities[index]!,
    })),
    weights: inRows(sent.weights, 3).map(([name, passages, titled]) => ({
      entity: names[name!]!,
      passages: passages!,
      titled: titled!,
    })),
  };
}

function textsOf({ text, textLengths }: SentLinks): readonly string[] {
  let at = 0;
  return Array.from(textLengths, (length) => text.slice(at, (at += length)));
}

/** The buffers that may move instead of being copied. */
export const buffersOf = ({ textLengths, edges, mentioned, weights, cosines, bm25, masks }: SentLinks): ArrayBuffer[] =>
  [textLengths, edges, mentioned, weights, cosines, bm25, masks].map((view) => view.buffer as ArrayBuffer);

const inRows = (numbers: Int32Array, width: number): readonly Int32Array[] =>
  Array.from({ length: numbers.length / width }, (_none, row) => numbers.subarray(row * width, (row + 1) * width));
