import { HybridRAGError } from "../../errors.ts";
import type { IndexGenerations } from "../../ports/shadow-index.ts";
import { call, rows, type Context } from "./context.ts";
import { generationOf, numbered, readIndexState, writeIndexState, type NumberedIdentity } from "./generation.ts";
import type { IndexStep } from "./index-plan.ts";
import { collections } from "./names.ts";
import { clearFields, dropIndex, openShadowIndex, requireState } from "./shadow-index.ts";

/** What `hybridrag indexes reembed` and `rollback` do on MongoDB: see `docs/decisions/0014-shadow-index.md`. */
export function mongoGenerations(context: Context): IndexGenerations {
  const long = 20 * context.timeoutMs;
  return {
    adopt: ({ chunker }) =>
      call(context, undefined, async () => {
        const state = await requireState(context);
        await writeIndexState(context, state, { ...state, chunker });
      }),
    shadow: (identity) => openShadowIndex(context, identity),
    missing: () => call(context, undefined, () => missingVectors(context), long),
    rollBack: () =>
      call(context, undefined, async () => {
        const state = await requireState(context);
        if (state.before === null) throw nothingBefore();
        await writeIndexState(context, state, { ...state, ...state.before, before: numbered(state) });
      }),
    discard: () =>
      call(
        context,
        undefined,
        async () => {
          const state = await requireState(context);
          const others = [state.before, state.building].filter((other) => other !== null);
          if (others.length > 0) await writeIndexState(context, state, { ...state, before: null, building: null });
          for (const { generation } of others) await dropIndex(context, generation);
          if (others.length > 0) await clearFields(context, generationOf(state.generation + 1));
          return others.length;
        },
        long,
      ),
  };
}

/**
 * The index before and one being made, in the words of a plan.
 * @param dropped those that give way to another, which the plan says already.
 */
export async function generationSteps(context: Context, dropped: readonly string[]): Promise<readonly IndexStep[]> {
  const state = await readIndexState(context);
  const step = (of: NumberedIdentity, action: IndexStep["action"], words: string): IndexStep => ({
    action,
    index: generationOf(of.generation).index,
    collection: collections.chunks,
    words: `${words} (${of.embedder}, ${of.dimensions} dimensions)`,
  });
  const missing = state === null ? 0 : await missingVectors(context);
  const steps = [
    ...(state !== null && missing > 0
      ? [step(state, "reembed", `${missing} passages have no vector of it: run \`hybridrag indexes reembed\``)]
      : []),
    ...(state?.building ? [step(state.building, "wait", "is being made: `hybridrag indexes reembed` goes on")] : []),
    ...(state?.before
      ? [
          step(
            state.before,
            "keep",
            "is the one before: `rollback` goes back to it, `reembed --discard` frees its space",
          ),
        ]
      : []),
  ];
  return steps.filter(({ index }) => !dropped.includes(index));
}

/** Chunks that the index in use cannot find by a vector: written by others around a switch, or before a rollback. */
async function missingVectors(context: Context): Promise<number> {
  const state = await readIndexState(context);
  if (state === null || state.dimensions === 0) return 0;
  const { vector } = generationOf(state.generation);
  return rows(context, collections.chunks).countDocuments({ [vector]: { $exists: false } });
}

const nothingBefore = (): HybridRAGError =>
  new HybridRAGError(
    "not_found",
    "There is no index before this one: nothing was embedded anew, or it was discarded. The definitions of the search " +
      "indexes before their last change come back by `hybridrag indexes rollback --definitions`.",
  );
