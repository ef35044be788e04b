import { compareText } from "../../filter/matches.ts";
import type { EntityWeight } from "../../ports/graph-store.ts";
import type { Mention } from "../../records.ts";

interface Mentioning {
  readonly chunk_id: string;
  readonly mentions: readonly Pick<Mention, "entity" | "kind">[];
}

/** Ids of passages by something that they have, by code point. */
export interface PassagesBy {
  get(key: string): readonly string[] | undefined;
  readonly size: number;
}

/** In which passages each name stands, as title or otherwise. */
export interface NameIndex {
  readonly titled: PassagesBy;
  readonly mentioning: PassagesBy;
  readonly passages: PassagesBy;
}

/** A name index that takes in more rows, each once. */
export interface GrowingNameIndex extends NameIndex {
  add(rows: readonly Mentioning[]): void;
}

export function growingNameIndex(): GrowingNameIndex {
  const [titled, mentioning, passages] = [passagesBy(), passagesBy(), passagesBy()] as const;
  return {
    titled,
    mentioning,
    passages,
    add: (rows) => {
      for (const { chunk_id, mentions } of rows) {
        for (const { entity, kind } of mentions) {
          (kind === "title" ? titled : mentioning).add(entity, chunk_id);
          passages.add(entity, chunk_id);
        }
      }
    },
  };
}

export function nameIndex(rows: readonly Mentioning[]): NameIndex {
  const index = growingNameIndex();
  index.add(rows);
  return index;
}

/** Only what is asked for is put in order. */
export function passagesBy(): PassagesBy & { add(key: string, chunkId: string): void } {
  const sets = new Map<string, Set<string>>();
  const ordered = new Map<string, readonly string[]>();
  return {
    add: (key, chunkId) => {
      const own = sets.get(key);
      if (own === undefined) sets.set(key, new Set([chunkId]));
      else own.add(chunkId);
      ordered.delete(key);
    },
    get: (key) => {
      const own = sets.get(key);
      if (own === undefined) return undefined;
      const known = ordered.get(key) ?? [...own].sort(compareText);
      ordered.set(key, known);
      return known;
    },
    get size() {
      return sets.size;
    },
  };
}

export const weightsOf = (index: NameIndex, names: readonly string[]): readonly EntityWeight[] =>
  [...new Set(names)].flatMap((entity) => {
    const passages = index.passages.get(entity)?.length ?? 0;
    return passages === 0 ? [] : { entity, passages, titled: index.titled.get(entity)?.length ?? 0 };
  });
