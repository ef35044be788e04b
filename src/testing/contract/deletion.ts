import assert from "node:assert/strict";
import fc from "fast-check";
import type { DocumentVersion } from "../../ports/store.ts";
import type { ContractCase } from "./case.ts";
import { versionOf } from "./examples.ts";
import { assertClose } from "./expect.ts";
import { documentIds, entityNames, randomSteps, runs, seedIds } from "./random.ts";
import { graphSnapshot, snapshot, timeless } from "./snapshot.ts";
import type { Store } from "../../ports/store.ts";
import type { Scope } from "../../scope.ts";
import type { Step } from "./random.ts";

/** Does the steps and answers the versions that are left. */
async function play(store: Store, scope: Scope, steps: readonly Step[]): Promise<readonly DocumentVersion[]> {
  const left = new Map<string, DocumentVersion>();
  for (const step of steps) {
    if (step.kind === "put") {
      await store.documents.put(scope, step.version);
      left.set(step.version.document.document_id, step.version);
    } else {
      assert.equal(await store.documents.delete(scope, step.id), left.delete(step.id));
    }
  }
  return [...left.values()];
}

export const deletionCases: readonly ContractCase[] = [
  {
    name: "after any puts, updates and deletes everything is as if only the survivors had been put",
    needs: "search",
    async run({ store, tenant, effort }) {
      await fc.assert(
        fc.asyncProperty(randomSteps(), async (steps) => {
          const [lived, pure] = [tenant(), tenant()];
          const survivors = await play(store, lived, steps);
          for (const version of survivors) await store.documents.put(pure, version);
          await store.settle();
          const seen = await snapshot(store, lived, entityNames, seedIds);
          assertClose(seen, await snapshot(store, pure, entityNames, seedIds), 1e-9);
        }),
        runs(effort, 25),
      );
    },
  },
  {
    name: "what is stored and what the graph says survives any puts, updates and deletes",
    async run({ store, tenant, effort }) {
      await fc.assert(
        fc.asyncProperty(randomSteps(), async (steps) => {
          const [lived, pure] = [tenant(), tenant()];
          const survivors = await play(store, lived, steps);
          for (const version of survivors) await store.documents.put(pure, version);
          const see = async (scope: Scope) => ({
            documents: (await store.documents.list(scope, { limit: 10 })).items.map(timeless),
            texts: await Promise.all(documentIds.map((id) => store.documents.text(scope, id))),
            graph: await graphSnapshot(store, scope, entityNames, seedIds),
          });
          assertClose(await see(lived), await see(pure), 1e-9);
        }),
        runs(effort, 10),
      );
    },
  },
  {
    name: "a deleted document among three leaves the scores of the other two as they would be alone",
    needs: "search",
    async run({ store, tenant }) {
      const [three, two] = [tenant(), tenant()];
      const versions = ["kafka broker lag", "kafka topic", "red broker"].map((text, index) =>
        versionOf({ id: documentIds[index]!, title: "kafka", parts: [text, `${text} again`] }),
      );
      for (const version of versions) await store.documents.put(three, version);
      for (const version of [versions[2]!, versions[0]!]) await store.documents.put(two, version);
      await store.documents.delete(three, "b");
      await store.settle();
      const seen = await snapshot(store, three, entityNames, seedIds);
      assertClose(seen, await snapshot(store, two, entityNames, seedIds), 1e-9);
    },
  },
];
