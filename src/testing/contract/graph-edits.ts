import assert from "node:assert/strict";
import fc from "fast-check";
import type { NameChange } from "../../edits/edited-names.ts";
import type { Store } from "../../ports/store.ts";
import type { GraphChange, GraphEdit, Mention, Metadata } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { openMemoryStore } from "../memory-store.ts";
import { as, contractIdentity, type ContractCase } from "./case.ts";
import { assertion, chunkId, link, mention, versionOf } from "./examples.ts";
import { assertClose, rejectsWith } from "./expect.ts";
import { entityNames, randomEditedSteps, runs, seedIds, type EditStep, type Step } from "./random.ts";
import { graphSnapshot } from "./snapshot.ts";

export const editedEntityNames = [...entityNames, "red", "big red topic"];

const see = (store: Store, scope: Scope) => graphSnapshot(store, scope, editedEntityNames, seedIds);

/** Adds a change after all that there are. */
export async function edit({ graph }: Store, scope: Scope, change: GraphChange): Promise<GraphEdit> {
  const after = (await graph.edits(scope)).length;
  const made = { edit_id: `e${after + 1}`, actor: "owner", created_at: "2026-01-01T00:00:00.000Z", change };
  return graph.edit(scope, made, after);
}

const merge = (entity: string, into: string): NameChange => ({ kind: "merge", entity, into });
const rename = (entity: string, name: string): NameChange => ({
  kind: "rename",
  entity,
  into: name.toLowerCase(),
  name,
});
const split = (entity: string, into: string, which: Partial<Record<SplitBy, readonly string[]>>): NameChange => ({
  kind: "split",
  entity,
  into,
  name: into.toUpperCase(),
  chunk_ids: [],
  document_ids: [],
  spellings: [],
  ...which,
});
type SplitBy = "chunk_ids" | "document_ids" | "spellings";

/** A document of one passage: `Title!` for a title. */
function put({ documents }: Store, scope: Scope, id: string, said: readonly string[], access?: readonly string[]) {
  const at = chunkId(id, 0);
  const mentions = said.map((name): Mention => {
    const bare = name.replace("!", "");
    return mention(at, bare.toLowerCase(), name.endsWith("!") ? "title" : "body", bare);
  });
  const [first, second] = mentions;
  const assertions = first && second ? [assertion(at, first.entity, second.entity)] : [];
  const metadata: Metadata = access ? { access } : {};
  return documents.put(scope, versionOf({ id, parts: [`text of ${id}`], graph: { mentions, assertions }, metadata }));
}

const found = async ({ graph }: Store, scope: Scope, ...asked: readonly string[]) =>
  (await graph.entities(scope, asked)).map(
    ({ normalized_name, name, aliases, provenance }) =>
      `${normalized_name} = ${[name, ...aliases].join(", ")} in ${provenance.toSorted().join(" ")}`,
  );

const follow = async ({ graph }: Store, scope: Scope, seed: string) => {
  const limits = { maxShared: 20, maxSubname: 50, maxPassages: 50 };
  const request = { seeds: [seed], titled: [], except: [], filter: null, terms: [], vector: null, ...limits };
  return (await graph.links(scope, request)).edges.map((one) => `${one.kind} ${one.entity} ${one.to}`).toSorted();
};

const related = async ({ graph }: Store, scope: Scope, entity: string) =>
  (await graph.neighbours(scope, { entity, limit: 9 })).map((one) => `${one.source_entity} ${one.target_entity}`);

export const graphEditCases: readonly ContractCase[] = [
  {
    name: "a merged entity is the other one: its mentions, its links, what is stated of it, and its name finds it",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Kafka", "Lag"]);
      await put(store, scope, "b", ["Apache Kafka!", "Broker"]);
      assert.deepEqual(await follow(store, scope, "a:0"), []);
      await edit(store, scope, merge("kafka", "apache kafka"));
      assert.deepEqual(await found(store, scope, "kafka", "apache kafka"), [
        "apache kafka = Apache Kafka, Kafka in a:0 b:0",
      ]);
      assert.deepEqual(await follow(store, scope, "a:0"), ["forward apache kafka b:0"]);
      assert.deepEqual((await related(store, scope, "kafka")).toSorted(), ["apache kafka broker", "apache kafka lag"]);
      assert.deepEqual(await store.graph.weigh(scope, ["kafka"]), [
        { asked: "kafka", entity: "apache kafka", passages: 2, titled: 1 },
      ]);
      const listed = (await store.graph.list(scope, { limit: 9 })).items.map((one) => one.normalized_name);
      assert.deepEqual(listed, ["apache kafka", "broker", "lag"]);
    },
  },
  {
    name: "statements between two names that became one are gone until they are two again",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["RAG", "Retrieval"]);
      const { edit_id } = await edit(store, scope, merge("rag", "retrieval"));
      assert.deepEqual(await related(store, scope, "retrieval"), []);
      assert.equal((await store.graph.count(scope)).relationships, 0);
      await edit(store, scope, { kind: "undo", edit_id });
      assert.deepEqual(await related(store, scope, "retrieval"), ["rag retrieval"]);
    },
  },
  {
    name: "a renamed entity is shown by its new name and found by both, wherever it is mentioned later",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Lag"]);
      await edit(store, scope, rename("lag", "Delay"));
      await put(store, scope, "b", ["LAG", "Delay"]);
      assert.deepEqual(await found(store, scope, "lag", "delay"), ["delay = Delay, LAG, Lag in a:0 b:0"]);
      assert.deepEqual(await follow(store, scope, "a:0"), ["shared delay b:0"]);
    },
  },
  {
    name: "an entity is split by passages, by documents and by how it is written",
    async run({ store, tenant }) {
      const scope = tenant();
      for (const [id, name] of [
        ["a", "Mercury"],
        ["b", "Mercury"],
        ["c", "MERCURY"],
        ["d", "Mercury"],
      ] as const)
        await put(store, scope, id, [name, "Orbit"]);
      await edit(store, scope, split("mercury", "element", { chunk_ids: ["a:0"] }));
      await edit(store, scope, split("mercury", "planet", { document_ids: ["b"] }));
      await edit(store, scope, split("mercury", "probe", { spellings: ["MERCURY"] }));
      assert.deepEqual(await found(store, scope, "element", "planet", "probe", "mercury"), [
        "element = ELEMENT, Mercury in a:0",
        "planet = PLANET, Mercury in b:0",
        "probe = PROBE, MERCURY in c:0",
        "mercury = Mercury in d:0",
      ]);
      for (const name of ["element", "planet", "probe", "mercury"])
        assert.deepEqual(await related(store, scope, name), [`${name} orbit`]);
      await put(store, scope, "b", ["Mercury", "Rocket"]);
      assert.deepEqual(await related(store, scope, "planet"), ["planet rocket"]);
    },
  },
  {
    name: "a deleted entity links, relates and is found no more, and its passages stay",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Home", "Common"]);
      await put(store, scope, "b", ["Home!", "Common"]);
      await edit(store, scope, { kind: "delete", entity: "home" });
      assert.deepEqual(await found(store, scope, "home", "common"), ["common = Common in a:0 b:0"]);
      assert.deepEqual(await follow(store, scope, "a:0"), ["shared common b:0"]);
      assert.deepEqual(await store.graph.weigh(scope, ["home"]), []);
      assert.deepEqual(await related(store, scope, "common"), []);
      assert.deepEqual(
        (await store.graph.mentions(scope, ["a:0"])).map((one) => one.entity),
        ["common"],
      );
      const { entities, passages, linksPerPassage } = await store.graph.count(scope);
      assert.deepEqual([entities, passages, linksPerPassage], [1, 2, 0]);
      assert.equal((await store.documents.count(scope)).chunks, 2);
    },
  },
  {
    name: "an address that is a name leads where the name does",
    async run({ store, tenant }) {
      const scope = tenant();
      const links = [link("a:0", "old")];
      await store.documents.put(scope, versionOf({ id: "a", parts: ["x"], graph: { links } }));
      await put(store, scope, "b", ["New!"]);
      assert.deepEqual(await follow(store, scope, "a:0"), []);
      const { edit_id } = await edit(store, scope, merge("old", "new"));
      assert.deepEqual(await follow(store, scope, "a:0"), ["hyperlink old b:0"]);
      await edit(store, scope, { kind: "undo", edit_id });
      assert.deepEqual(await follow(store, scope, "a:0"), []);
    },
  },
  {
    name: "an undone edit leaves nothing, and those after it hold",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Kafka", "Lag"]);
      await put(store, scope, "b", ["Broker!", "Kafka"]);
      const before = await see(store, scope);
      const first = await edit(store, scope, merge("kafka", "broker"));
      const second = await edit(store, scope, { kind: "delete", entity: "lag" });
      await edit(store, scope, { kind: "undo", edit_id: first.edit_id });
      assert.deepEqual(await found(store, scope, "kafka", "broker", "lag"), [
        "kafka = Kafka in a:0 b:0",
        "broker = Broker in b:0",
      ]);
      await edit(store, scope, { kind: "undo", edit_id: second.edit_id });
      assert.deepEqual(await see(store, scope), before);
    },
  },
  {
    name: "edits are kept as they were made, in order, and survive the documents they speak of",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Kafka"]);
      const made = [
        await edit(store, scope, rename("kafka", "Stream")),
        await edit(store, scope, split("stream", "other", { document_ids: ["z"] })),
        await edit(store, scope, { kind: "undo", edit_id: "e2" }),
      ];
      assert.deepEqual(
        made.map((one) => one.sequence),
        [1, 2, 3],
      );
      await store.documents.delete(scope, "a");
      assert.deepEqual(await store.graph.edits(scope), made);
      assert.deepEqual(await found(store, scope, "stream"), []);
      await put(store, scope, "a", ["KAFKA"]);
      assert.deepEqual(await found(store, scope, "stream"), ["stream = Stream, KAFKA in a:0"]);
    },
  },
  {
    name: "a version tells what was extracted, whatever edits say",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Kafka", "Lag"]);
      const before = await store.documents.version(scope, "a");
      await edit(store, scope, merge("kafka", "lag"));
      assert.deepEqual(await store.documents.version(scope, "a"), before);
      await put(store, scope, "b", ["Kafka", "Lag"]);
      const after = await store.documents.version(scope, "b");
      assert.deepEqual(
        [after!.graph.mentions.map((one) => one.entity), after!.graph.assertions[0]!.source_entity],
        [["kafka", "lag"], "kafka"],
      );
    },
  },
  {
    name: "edits are one tenant's, made and read by its owner only",
    async run({ store, tenant }) {
      const [scope, other] = [tenant(), tenant()];
      for (const one of [scope, other]) await put(store, one, "a", ["Kafka", "Lag"]);
      await edit(store, scope, merge("kafka", "lag"));
      assert.deepEqual(await found(store, other, "kafka", "lag"), ["kafka = Kafka in a:0", "lag = Lag in a:0"]);
      assert.deepEqual(await store.graph.edits(other), []);
      const reader = as(scope, "bob");
      await rejectsWith(store.graph.edits(reader), "forbidden");
      const made = { edit_id: "x", actor: "bob", created_at: "2026-01-01", change: rename("lag", "Delay") };
      await rejectsWith(store.graph.edit(reader, made, 1), "forbidden");
    },
  },
  {
    name: "a merged entity shows and counts only the passages that may be read",
    async run({ store, tenant }) {
      const scope = tenant();
      await put(store, scope, "a", ["Kafka"]);
      await put(store, scope, "b", ["Secret Name!"], ["ann"]);
      await edit(store, scope, merge("secret name", "kafka"));
      assert.deepEqual(await found(store, as(scope, "ann"), "kafka"), ["kafka = Kafka, Secret Name in a:0 b:0"]);
      assert.deepEqual(await found(store, as(scope, "bob"), "kafka"), ["kafka = Kafka in a:0"]);
      assert.deepEqual(await follow(store, as(scope, "bob"), "a:0"), []);
      assert.deepEqual(await follow(store, as(scope, "ann"), "a:0"), ["forward kafka b:0"]);
    },
  },
  {
    name: "of edits that were made at once one is taken, and the other is told to look again",
    async run({ store, tenant }) {
      const scope = tenant();
      const made = (edit_id: string) => ({
        edit_id,
        actor: "owner",
        created_at: "2026-01-01T00:00:00.000Z",
        change: merge("a", "b"),
      });
      const outcomes = await Promise.allSettled(["x", "y", "z"].map((id) => store.graph.edit(scope, made(id), 0)));
      assert.equal(outcomes.filter((one) => one.status === "fulfilled").length, 1);
      await rejectsWith(store.graph.edit(scope, made("w"), 0), "conflict");
      assert.equal((await store.graph.edits(scope)).length, 1);
    },
  },
  {
    name: "the edited graph answers as that of the reference store, after any puts, deletes, edits and undos",
    async run({ store, tenant, effort }) {
      await fc.assert(
        fc.asyncProperty(randomEditedSteps(), async (steps) => {
          const scope = tenant();
          const reference = openMemoryStore();
          await reference.prepare(contractIdentity);
          for (const one of [store, reference]) await play(one, scope, steps);
          await store.settle();
          assertClose(await see(store, scope), await see(reference, scope), 1e-6);
        }),
        runs(effort, 30),
      );
    },
  },
  {
    name: "after any puts, deletes, edits and undos the graph is as if the survivors had been put under the edits that hold",
    async run({ store, tenant, effort }) {
      await fc.assert(
        fc.asyncProperty(randomEditedSteps(), async (steps) => {
          const [lived, pure] = [tenant(), tenant()];
          const survivors = await play(store, lived, steps);
          const edits = await store.graph.edits(lived);
          const undone = new Set(edits.flatMap(({ change }) => (change.kind === "undo" ? [change.edit_id] : [])));
          for (const { edit_id, change } of edits)
            if (change.kind !== "undo" && !undone.has(edit_id)) await edit(store, pure, change);
          for (const version of survivors) await store.documents.put(pure, version);
          assertClose(await see(store, lived), await see(store, pure), 1e-9);
        }),
        runs(effort, 20),
      );
    },
  },
];

/** Does the steps, looking at the graph in between; answers the versions that are left. */
export async function play(store: Store, scope: Scope, steps: readonly (Step | EditStep)[]) {
  const left = new Map<string, Extract<Step, { kind: "put" }>["version"]>();
  for (const step of steps) {
    if (step.kind === "put") {
      await store.documents.put(scope, step.version);
      left.set(step.version.document.document_id, step.version);
    } else if (step.kind === "delete") {
      await store.documents.delete(scope, step.id);
      left.delete(step.id);
    } else if (step.kind === "change") {
      await edit(store, scope, step.change);
    } else {
      const edits = (await store.graph.edits(scope)).filter(({ change }) => change.kind !== "undo");
      const undone = edits[step.which % Math.max(1, edits.length)];
      if (undone) await edit(store, scope, { kind: "undo", edit_id: undone.edit_id });
    }
    // So that an engine that keeps an index has one to bring up to date.
    await store.graph.linkDensity(scope);
  }
  return [...left.values()];
}
