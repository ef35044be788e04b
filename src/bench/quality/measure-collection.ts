import type { ModeFigures } from "../../evaluate/evaluate.ts";
import type { Mode } from "../../query/query-request.ts";
import { localCaches } from "../../wrap/local-caches.ts";
import type { Figures } from "../floors.ts";
import { measureAnswerStrings, measureSpans, type AnswerFigures } from "./answers.ts";
import type { Collection } from "./collections.ts";
import { measureExpansions } from "./expansions.ts";
import { measureFamilies } from "./families.ts";
import type { Indexed } from "./indexed.ts";
import { measureMultihop } from "./multihop.ts";
import { measureThemes } from "./themes.ts";
import { measureTurns } from "./turns.ts";
import { measureRetrieval, type RetrievalFigures } from "./retrieval.ts";

/** Every figure that one collection alone gives, named `set/mode/measure`. */
export async function measureCollection(
  collection: Collection,
  indexed: Indexed,
  modes: readonly Mode[],
): Promise<Figures> {
  const { measures, name } = collection;
  const parts: Figures[] = [];
  if (measures.includes("retrieval")) parts.push(await retrieval(collection, indexed, modes));
  if (measures.includes("filters")) parts.push(filters(await measureRetrieval(collection.dataset, indexed, modes)));
  if (measures.includes("multi-hop")) {
    parts.push(await measureMultihop(collection.dataset, indexed, modes.filter(isJoined)));
    parts.push(await measureExpansions(collection.dataset, indexed, modes.filter(isJoined)));
  }
  for (const mode of modes.filter(isJoined)) {
    if (measures.includes("answers"))
      parts.push(answers(mode, await measureAnswerStrings(collection.dataset.queries, indexed, mode)));
    if (measures.includes("spans"))
      parts.push(answers(mode, await measureSpans(collection.spanQuestions, indexed, mode)));
  }
  if (measures.includes("families"))
    for (const mode of modes)
      parts.push({ [`${mode}/right document`]: await measureFamilies(collection.dataset, indexed, mode) });
  const { embedder } = indexed.ports;
  if (measures.includes("turns") && embedder !== null) parts.push(await measureTurns(collection.dataset, embedder));
  if (measures.includes("themes")) parts.push(await measureThemes(name, indexed));
  return Object.fromEntries(
    parts.flatMap((part) => Object.entries(part).map(([figure, value]) => [`${name}/${figure}`, value])),
  );
}

const isJoined = (mode: Mode): boolean => mode === "hybrid" || mode === "mix";

async function retrieval({ dataset }: Collection, indexed: Indexed, modes: readonly Mode[]): Promise<Figures> {
  const plain = await measureRetrieval(dataset, indexed, modes);
  const figures = { ...measures(plain), ...overBetterLeg("hybrid", plain.hybridOverBetterLeg) };
  if (plain.hybridOverBetterLeg === null) return figures;
  const learned = (await measureRetrieval(dataset, calibrating(indexed), ["hybrid"])).modes.hybrid!["ndcg@10"]!;
  const gained = learned - plain.modes.hybrid!["ndcg@10"]!;
  return {
    ...figures,
    "calibrated/ndcg@10": learned,
    ...overBetterLeg("calibrated", plain.hybridOverBetterLeg + gained),
  };
}

const overBetterLeg = (mode: string, difference: number | null): Figures =>
  difference === null ? {} : { [`${mode}/over better leg`]: difference };

const measured = ["ndcg@10", "recall@5", "recall@10", "map", "mrr@10"] as const;

function measures({ modes }: RetrievalFigures): Figures {
  const rows = Object.entries(modes) as [Mode, ModeFigures][];
  return Object.fromEntries(
    rows.flatMap(([mode, figures]) =>
      measured.flatMap((measure) => {
        const value = figures[measure];
        return value === null ? [] : [[`${mode}/${measure}`, value] as const];
      }),
    ),
  );
}

/** `without violation` counts down from 0: like all figures, more is better. */
function filters({ modes }: RetrievalFigures): Figures {
  const rows = Object.entries(modes) as [Mode, ModeFigures][];
  return Object.fromEntries(
    rows.flatMap(([mode, { filters: found }]) =>
      found === undefined
        ? []
        : [
            [`${mode}/exact filters`, found.exact / found.total],
            [`${mode}/without violation`, -found.violations],
          ],
    ),
  );
}

const answers = (mode: Mode, { first, shown }: AnswerFigures): Figures => ({
  [`${mode}/first unit`]: first,
  [`${mode}/three units`]: shown,
});

/** Learns the weight from the questions as they come, from nothing; each observation is in before the next question. */
function calibrating({ ports, scope, settings }: Indexed): Indexed {
  let learned = Promise.resolve();
  const caches = localCaches(Date.now);
  const search: typeof ports.store.chunks.search = async (...request) => {
    await learned;
    return ports.store.chunks.search(...request);
  };
  return {
    scope,
    settings: { ...settings, calibrate: true },
    ports: {
      ...ports,
      store: { ...ports.store, caches, chunks: { ...ports.store.chunks, search } },
      background: (work) => {
        learned = work();
      },
    },
  };
}
