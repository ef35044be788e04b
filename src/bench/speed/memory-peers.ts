import { fuseRanks, legDepth, wanted, type CandidateKind } from "./candidate.ts";
import type { Corpus, Question } from "./corpus.ts";
import { loadPeer } from "./peers.ts";
import { dimensions } from "./vectors.ts";

/** Engines that live in memory: they are filled at every start, which counts as their build and their cold open. */
const nothing = async (): Promise<void> => undefined;

interface MiniSearchModule {
  readonly default: new (options: object) => {
    addAll(rows: readonly object[]): void;
    search(text: string, options?: object): readonly { readonly id: string }[];
  };
}

/** Words only. */
export const miniSearch: CandidateKind = {
  name: "minisearch",
  peer: "minisearch",
  lacks: (kind, restriction) => kind !== "text" || restriction === "recent",
  build: nothing,
  open: async (corpus) => {
    const { default: MiniSearch } = await loadPeer<MiniSearchModule>("minisearch");
    const index = new MiniSearch({ fields: ["content"], storeFields: ["content", "grp", "category", "time"] });
    for (let at = 0; at < corpus.size; at += 1000) index.addAll(rowsOf(corpus, at, 1000));
    return {
      search: async (question, _kind, restriction) => {
        const filter = (row: { readonly grp: string }) => row.grp === question.group;
        return index
          .search(question.text, restriction === "all" ? {} : { filter })
          .slice(0, wanted)
          .map(({ id }) => id);
      },
      close: nothing,
    };
  },
};

interface OramaModule {
  create(options: object): unknown;
  insertMultiple(index: unknown, rows: readonly object[], batch?: number): Promise<unknown>;
  search(index: unknown, request: object): Promise<{ readonly hits: readonly { readonly id: string }[] }>;
}

export const orama: CandidateKind = {
  name: "orama",
  peer: "@orama/orama",
  lacks: (kind, restriction) => restriction === "recent" || kind === "mix",
  build: nothing,
  open: async (corpus) => {
    const { create, insertMultiple, search } = await loadPeer<OramaModule>("@orama/orama");
    const index = create({
      schema: { content: "string", grp: "enum", category: "enum", vector: `vector[${dimensions}]` },
    });
    for (let at = 0; at < corpus.size; at += 1000) await insertMultiple(index, rowsOf(corpus, at, 1000), 1000);
    const idsOf = async (request: object) => (await search(index, request)).hits.map(({ id }) => id);
    const nearest = (question: Question, where: object, limit: number) =>
      idsOf({
        mode: "vector",
        vector: { value: [...question.vector], property: "vector" },
        similarity: 0,
        limit,
        ...where,
      });
    const matching = (question: Question, where: object, limit: number) =>
      idsOf({ term: question.text, properties: ["content"], limit, ...where });
    return {
      search: async (question, kind, restriction) => {
        const where = restriction === "all" ? {} : { where: { grp: { eq: question.group } } };
        if (kind === "vector") return nearest(question, where, wanted);
        if (kind === "text") return matching(question, where, wanted);
        return fuseRanks([await nearest(question, where, legDepth), await matching(question, where, legDepth)]);
      },
      close: nothing,
    };
  },
};

const rowsOf = (corpus: Corpus, from: number, count: number): readonly object[] =>
  Array.from({ length: Math.min(count, corpus.size - from) }, (_, i) => {
    const { id, content, vector, group, category, time } = corpus.passage(from + i);
    return { id, content, vector: [...vector], grp: group, category, time };
  });
