import fc from "fast-check";
import type { Store } from "../../ports/store.ts";
import { mayRead, type Scope } from "../../scope.ts";
import { scopeOf } from "../arbitraries.ts";
import type { ContractCase } from "./case.ts";
import { assertClose } from "./expect.ts";
import { edit, editedEntityNames, play } from "./graph-edits.ts";
import { randomEditedSteps, runs, seedIds } from "./random.ts";
import { graphSnapshot } from "./snapshot.ts";

/** Scores of words alone weigh by all of the tenant's passages. */
async function see(store: Store, scope: Scope) {
  const { passages, ...rest } = await graphSnapshot(store, scope, editedEntityNames, seedIds);
  return {
    ...rest,
    passages: passages.map(({ bm25: _bm25, ...passage }) => passage),
    pointers: await store.graph.pointers(scope, seedIds),
  };
}

/** The graph of those who may not read everything. */
export const seenGraphCases: readonly ContractCase[] = [
  {
    name: "what a caller sees of the graph is what there would be were there nothing else, after any puts, deletes and edits",
    async run({ store, tenant, effort }) {
      await fc.assert(
        fc.asyncProperty(randomEditedSteps(), scopeOf(""), async (steps, { principals }) => {
          const [lived, pure] = [tenant(), tenant()];
          const survivors = await play(store, lived, steps);
          const caller: Scope = { ...lived, principals };
          const readable = survivors.filter(({ document }) => mayRead(caller, document.metadata));
          for (const version of readable) await store.documents.put(pure, version);
          const edits = await store.graph.edits(lived);
          for (const { change } of edits) await edit(store, pure, change);
          await store.settle();
          assertClose(await see(store, caller), await see(store, { ...pure, principals }), 1e-9);
        }),
        runs(effort, 25),
      );
    },
  },
];
