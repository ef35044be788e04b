import type { IndexIdentity } from "../../ports/store.ts";
import { shapeOf } from "./check-pipeline.ts";
import { rows, type Context } from "./context.ts";
import { generationOf, nextGeneration, readIndexState, type IndexState, type NumberedIdentity } from "./generation.ts";
import type { IndexStep } from "./index-plan.ts";
import { vectorIndex, type SearchIndexSpec } from "./indexes.ts";
import { collections } from "./names.ts";
import { chosenQuantization } from "./settle-definitions.ts";
import { openShadowIndex } from "./shadow-index.ts";

/** The way from the index in use to one of another embedder: what is made, what gives way to it, and what it takes. */
export interface PlannedGeneration {
  readonly steps: readonly IndexStep[];
  /** The vector index that will be there beside the one in use; null where none is made. */
  readonly spec: SearchIndexSpec | null;
  /** Names of search indexes that give way to it. */
  readonly dropped: readonly string[];
}

type Way = "same" | "cut" | "back" | "going" | "new";

const isOf = (a: IndexIdentity | null, b: IndexIdentity): boolean =>
  a !== null && a.embedder === b.embedder && a.dimensions === b.dimensions;

function wayTo(wanted: IndexIdentity, state: IndexState): Way {
  if (isOf(state, wanted)) return state.chunker === wanted.chunker ? "same" : "cut";
  if (isOf(state.before, wanted)) return "back";
  return isOf(state.building, wanted) ? "going" : "new";
}

const nothing: PlannedGeneration = { steps: [], spec: null, dropped: [] };
const nameOf = ({ embedder, dimensions }: IndexIdentity): string => `${embedder} (${dimensions} dimensions)`;

/** @param wanted what the settings ask for; nothing is changed. */
export async function planGeneration(context: Context, wanted: IndexIdentity): Promise<PlannedGeneration> {
  const state = await readIndexState(context);
  if (state === null) return nothing;
  switch (wayTo(wanted, state)) {
    case "cut":
      return { ...nothing, steps: [stepOf("reembed", "passages", cutWords(state, wanted))] };
    case "back": {
      const { index } = generationOf(state.before!.generation);
      const words = `${index} is of the embedder that is set: \`hybridrag indexes rollback\` puts it in use again`;
      return { ...nothing, steps: [stepOf("keep", index, words)] };
    }
    case "going": {
      const spec = await specOf(context, state.building!);
      const listed = await context.profile.listWhereSearched();
      const isMissing = spec !== null && listed !== null && !listed.some(({ name }) => name === spec.name);
      return { ...nothing, spec, steps: isMissing ? [createStep(spec, state)] : [] };
    }
    case "new": {
      const generation = nextGeneration(state.highest, state.generation);
      const others = [state.before, state.building].filter((other) => other !== null);
      const spec = await specOf(context, { ...wanted, generation });
      return {
        spec,
        dropped: others.map((other) => generationOf(other.generation).index),
        steps: [
          ...others.map((other) => stepOf("drop", generationOf(other.generation).index, dropWords(other))),
          ...(spec === null ? [] : [createStep(spec, state)]),
          stepOf("reembed", spec?.name ?? "passages", await reembedWords(context, state, wanted)),
        ],
      };
    }
    default:
      return nothing;
  }
}

const stepOf = (action: IndexStep["action"], index: string, words: string): IndexStep => ({
  action,
  index,
  collection: collections.chunks,
  words,
});

function createStep({ name, definition }: SearchIndexSpec, state: IndexState): IndexStep {
  const inUse = generationOf(state.generation).index;
  const { dimensions } = shapeOf({ name, type: "vectorSearch", definition });
  const words = `create the vectorSearch index ${name} beside ${inUse}, for vectors of ${dimensions} dimensions; searches stay with ${inUse} meanwhile`;
  return stepOf("create", name, words);
}

const cutWords = (state: IndexState, wanted: IndexIdentity): string =>
  `documents were cut by ${state.chunker}, and the settings cut by ${wanted.chunker}: \`hybridrag indexes reembed\` ` +
  "takes that on; stored passages stay, and documents that are ingested from now on are cut anew";

const dropWords = (other: NumberedIdentity): string =>
  `drop the index of ${nameOf(other)} and its vectors: another takes its place`;

async function reembedWords(context: Context, state: IndexState, wanted: IndexIdentity): Promise<string> {
  const differ = `the index is of ${nameOf(state)}, and the settings ask for ${nameOf(wanted)}`;
  if (wanted.dimensions === 0)
    return `${differ}: \`hybridrag indexes reembed\` switches to searches by words alone; the vectors stay for \`rollback\``;
  const { passages, memories, tokens } = await amounts(context);
  return (
    `${differ}: \`hybridrag indexes reembed\` embeds ${passages} passages (about ${tokens} tokens) and ${memories} ` +
    "memories anew, and switches at once when all of them are searchable; `hybridrag indexes rollback` goes back"
  );
}

const sampled = 1000;

/** Tokens are those of a sample, taken for all. */
async function amounts(context: Context) {
  const chunks = rows(context, collections.chunks);
  const [passages, memories, [sample]] = await Promise.all([
    chunks.countDocuments({ live: true }),
    rows(context, collections.memories).countDocuments({}),
    chunks
      .aggregate<{ mean: number }>([
        { $sample: { size: sampled } },
        { $group: { _id: null, mean: { $avg: "$token_count" } } },
      ])
      .toArray(),
  ]);
  return { passages, memories, tokens: Math.round(passages * (sample?.mean ?? 0)) };
}

async function specOf(context: Context, { dimensions, generation }: NumberedIdentity): Promise<SearchIndexSpec | null> {
  if (dimensions === 0) return null;
  const chosen = await chosenQuantization(context, { dimensions, generation }, false);
  const { quantization: _other, ...settings } = context.profile.settings;
  return vectorIndex({ ...settings, ...chosen, dimensions, generation });
}

/** The vector indexes beside the one in use: the one before, and one being made. */
export async function otherGenerations(context: Context): Promise<{
  readonly before: readonly SearchIndexSpec[];
  readonly building: readonly SearchIndexSpec[];
}> {
  const state = await readIndexState(context);
  const specs = async (of: NumberedIdentity | null | undefined): Promise<readonly SearchIndexSpec[]> => {
    const spec = of ? await specOf(context, of) : null;
    return spec === null ? [] : [spec];
  };
  return { before: await specs(state?.before), building: await specs(state?.building) };
}

/** Creates what a plan names beside the index in use; vectors come by `reembed`. */
export async function beginGeneration(context: Context, wanted: IndexIdentity): Promise<readonly IndexStep[]> {
  const { steps } = await planGeneration(context, wanted);
  const state = await readIndexState(context);
  const way = state && wayTo(wanted, state);
  if (way === "new" || way === "going") await (await openShadowIndex(context, wanted)).close();
  return steps;
}
