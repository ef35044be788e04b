import type { LinkedPassage, LinkKind, LinkResult } from "../../../ports/graph-store.ts";

/**
 * A result on its way to the main thread: each text once, everything else as numbers of one buffer, since every buffer
 * that moves between threads costs as much as copying thousands of numbers.
 */
export interface SentLinks {
  /** Chunk ids, then names, one behind the other: one long text crosses faster than many short ones. */
  readonly text: string;
  readonly passages: number;
  /** How many numbers each part of the buffer has, see `partsOf`. */
  readonly lengths: readonly number[];
  readonly buffer: ArrayBuffer;
}

/** What is in the buffer. */
interface LinkNumbers {
  /** NaN where there is no cosine. */
  readonly cosines: Float64Array;
  readonly bm25: Float64Array;
  readonly masks: Int32Array;
  readonly textLengths: Int32Array;
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

export function sentLinks({ edges: links, passages, weights }: LinkResult): SentLinks {
  const names = new Map<string, number>();
  const nameOf = (entity: string): number => {
    const known = names.get(entity);
    if (known !== undefined) return known;
    names.set(entity, names.size);
    return names.size - 1;
  };
  const indexes = new Map(passages.map((passage, index) => [passage.chunk_id, index]));
  const edges = new Int32Array(links.length * 4);
  links.forEach(({ from, to, entity, kind }, at) => {
    edges[at * 4] = indexes.get(from)!;
    edges[at * 4 + 1] = indexes.get(to)!;
    edges[at * 4 + 2] = nameOf(entity);
    edges[at * 4 + 3] = kinds.indexOf(kind);
  });
  const mentions = passages.flatMap(({ entities }, index) =>
    entities.flatMap(({ entity, title }) => [index, nameOf(entity), title ? 1 : 0]),
  );
  const weighed = weights.flatMap((weight) => [nameOf(weight.entity), weight.passages, weight.titled]);
  const texts = [...passages.map((passage) => passage.chunk_id), ...names.keys()];
  return {
    text: texts.join(""),
    passages: passages.length,
    ...inOneBuffer({
      cosines: Float64Array.from(passages, ({ cosine }) => cosine ?? NaN),
      bm25: Float64Array.from(passages, ({ bm25 }) => bm25 ?? NaN),
      masks: Int32Array.from(passages, ({ mask }) => mask),
      textLengths: Int32Array.from(texts, (text) => text.length),
      edges,
      mentioned: Int32Array.from(mentions),
      weights: Int32Array.from(weighed),
    }),
  };
}

/** The wide numbers first, so that all are aligned. */
function inOneBuffer(numbers: LinkNumbers): Pick<SentLinks, "lengths" | "buffer"> {
  const { cosines, bm25, masks, textLengths, edges, mentioned, weights } = numbers;
  const parts = [cosines, bm25, masks, textLengths, edges, mentioned, weights];
  const buffer = new ArrayBuffer(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    new Uint8Array(buffer, at, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    at += part.byteLength;
  }
  return { lengths: parts.map((part) => part.length), buffer };
}

function partsOf({ lengths, buffer }: SentLinks): LinkNumbers {
  let [at, part] = [0, 0];
  const next = <T extends Float64Array | Int32Array>(
    View: new (buffer: ArrayBuffer, at: number, length: number) => T,
  ): T => {
    const view = new View(buffer, at, lengths[part++]!);
    at += view.byteLength;
    return view;
  };
  return {
    cosines: next(Float64Array),
    bm25: next(Float64Array),
    masks: next(Int32Array),
    textLengths: next(Int32Array),
    edges: next(Int32Array),
    mentioned: next(Int32Array),
    weights: next(Int32Array),
  };
}

/** As the port has it. */
export function receivedLinks(sent: SentLinks): LinkResult {
  const { cosines, bm25, masks, textLengths, edges, mentioned, weights } = partsOf(sent);
  const texts = textsOf(sent.text, textLengths);
  const ids = texts.slice(0, sent.passages);
  const nameOf = (name: number): string => texts[sent.passages + name]!;
  const entities: LinkedPassage["entities"][number][][] = ids.map(() => []);
  for (let at = 0; at < mentioned.length; at += 3) {
    entities[mentioned[at]!]!.push({ entity: nameOf(mentioned[at + 1]!), title: mentioned[at + 2] === 1 });
  }
  return {
    edges: ofRows(edges, 4, (at) => ({
      from: ids[edges[at]!]!,
      to: ids[edges[at + 1]!]!,
      entity: nameOf(edges[at + 2]!),
      kind: kinds[edges[at + 3]!]!,
    })),
    passages: ids.map((chunk_id, index) => ({
      chunk_id,
      cosine: Number.isNaN(cosines[index]) ? null : cosines[index]!,
      bm25: bm25[index]!,
      mask: masks[index]!,
      entities: entities[index]!,
    })),
    weights: ofRows(weights, 3, (at) => ({
      entity: nameOf(weights[at]!),
      passages: weights[at + 1]!,
      titled: weights[at + 2]!,
    })),
  };
}

function textsOf(text: string, textLengths: Int32Array): readonly string[] {
  let at = 0;
  return Array.from(textLengths, (length) => text.slice(at, (at += length)));
}

/** One result per row, read where the row starts: a view of each row costs more than all of its reading. */
function ofRows<T>(numbers: Int32Array, width: number, read: (at: number) => T): readonly T[] {
  const rows: T[] = [];
  for (let at = 0; at < numbers.length; at += width) rows.push(read(at));
  return rows;
}
