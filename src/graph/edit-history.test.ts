import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { activeEdits } from "../edits/edited-names.ts";
import { isHybridRAGError } from "../errors.ts";
import type { Store } from "../ports/store.ts";
import { ownerScope, type Scope } from "../scope.ts";
import { openEmbeddedStore } from "../stores/embedded/index.ts";
import { openMongoStore } from "../stores/mongodb/index.ts";
import { contractIdentity } from "../testing/contract/case.ts";
import { documentIds, entityNames, randomStep, seedIds, type Step } from "../testing/contract/random.ts";
import { graphSnapshot } from "../testing/contract/snapshot.ts";
import { openMemoryStore } from "../testing/memory-store.ts";
import { startMongoServer } from "../testing/mongodb/index.ts";
import { graphEditor } from "./edit-graph.ts";
import type { EditRequest } from "./edit-request.ts";
import { entityPage } from "./entity-page.ts";
import { exportGraph } from "./export-graph.ts";

/** Histories that are tried on each store; more by HYBRIDRAG_HISTORIES. */
const histories = Number(process.env["HYBRIDRAG_HISTORIES"] ?? 25);

type HistoryStep =
  | Step
  | { readonly kind: "edit"; readonly request: EditRequest }
  /** Of the edits that were made, by its place. */
  | { readonly kind: "undo"; readonly which: number };

const newNames = ["Stream", "The Broker", "Red", "Big Red Topic"];

const request = (): fc.Arbitrary<EditRequest> => {
  const entity = fc.constantFrom(...entityNames, "stream", "red");
  const name = fc.constantFrom(...newNames, "Kafka", "Lag");
  const which = fc.oneof(
    fc.constantFrom(...seedIds).map((id) => ({ chunk_ids: [id] })),
    fc.constantFrom(...documentIds).map((id) => ({ document_ids: [id] })),
    fc.constantFrom("KAFKA", "LAG", "BROKER").map((text) => ({ spellings: [text] })),
    fc.record({ chunk_ids: fc.subarray([...seedIds]), document_ids: fc.subarray([...documentIds]) }),
  );
  return fc.oneof(
    fc.record({ kind: fc.constant("merge" as const), entity, into: entity }),
    fc.record({ kind: fc.constant("rename" as const), entity, name }),
    fc
      .tuple(entity, name, which)
      .map(([from, to, some]) => ({ kind: "split" as const, entity: from, name: to, ...some })),
    fc.record({ kind: fc.constant("delete" as const), entity }),
  );
};

const history = (): fc.Arbitrary<readonly HistoryStep[]> =>
  fc
    .tuple(
      fc.array(randomStep(), { minLength: 4, maxLength: 8 }),
      fc.array(
        fc.oneof(
          { weight: 2, arbitrary: randomStep() },
          { weight: 4, arbitrary: request().map((one): HistoryStep => ({ kind: "edit", request: one })) },
          { weight: 1, arbitrary: fc.nat(9).map((which): HistoryStep => ({ kind: "undo", which })) },
        ),
        { minLength: 5, maxLength: 20 },
      ),
    )
    .map(([first, then]) => [...first, ...then]);

interface Played {
  readonly accepted: number;
  readonly refused: number;
}

/** Does everything, as people would: what is refused is refused with a reason, and changes nothing. */
async function play(store: Store, scope: Scope, steps: readonly HistoryStep[]): Promise<Played> {
  const editor = graphEditor(store);
  let [accepted, refused] = [0, 0];
  for (const step of steps) {
    try {
      if (step.kind === "put") await store.documents.put(scope, step.version);
      else if (step.kind === "delete") await store.documents.delete(scope, step.id);
      else if (step.kind === "edit") await editor.edit(scope, step.request);
      else await undoOne(store, scope, step.which);
      if (step.kind === "edit" || step.kind === "undo") accepted += 1;
    } catch (error) {
      const codes = ["not_found", "conflict", "invalid_input"];
      if (!isHybridRAGError(error) || !codes.includes(error.code) || error.retryable) throw error;
      refused += 1;
    }
  }
  return { accepted, refused };
}

async function undoOne(store: Store, scope: Scope, which: number): Promise<void> {
  const edits = (await store.graph.edits(scope)).filter(({ change }) => change.kind !== "undo");
  const chosen = edits[which % Math.max(1, edits.length)];
  if (chosen) await graphEditor(store).undo(scope, chosen.edit_id);
}

/** The edits that hold, and only these, as another store would be given them. */
async function giveEdits(from: Store, scope: Scope, to: Store, other: Scope): Promise<void> {
  for (const [index, { edit_id, actor, created_at, change }] of activeEdits(await from.graph.edits(scope)).entries())
    await to.graph.edit(other, { edit_id, actor, created_at, change }, index);
}

/** Everything that the graph says, as text. */
async function told(store: Store, scope: Scope): Promise<string> {
  const names = [...entityNames, "stream", "broker", "red", "big red topic"];
  const pages = [];
  for (const { normalized_name } of (await store.graph.list(scope, { limit: 100 })).items)
    pages.push(await entityPage(store, scope, normalized_name, 20));
  let exported = "";
  for await (const piece of exportGraph(store.graph, scope, "json")) exported += piece;
  for await (const piece of exportGraph(store.graph, scope, "graphml")) exported += piece;
  return inOrder({ graph: await graphSnapshot(store, scope, names, seedIds), pages, exported });
}

/** JSON with the fields of each object in one order. */
const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

const stores = [
  { name: "the reference store", share: 1, open: async () => openMemoryStore() },
  {
    name: "the embedded store",
    share: 1,
    open: async (t: TestContext) => {
      const directory = await mkdtemp(join(tmpdir(), "hybridrag-edits-"));
      const store = await openEmbeddedStore({ directory, readers: 1 });
      t.after(async () => {
        await store.close();
        await rm(directory, { recursive: true, force: true });
      });
      return store;
    },
  },
  {
    name: "MongoDB",
    // A stand-in in JavaScript takes its time.
    share: 0.2,
    open: async (t: TestContext) => {
      const server = await startMongoServer({ profile: "atlas", members: 1 });
      const store = await openMongoStore({ uri: server.uri });
      t.after(async () => {
        await store.close();
        await server.close();
      });
      return store;
    },
  },
] as const;

/** No step of a history has a model: what these stores are given is all that they can know. */
describe("after any ingests, updates, deletes, merges, renames, splits, deletions and undos", () => {
  for (const { name, share, open } of stores) {
    const runs = Math.ceil(histories * share);
    test(`the graph of ${name} without a document is that of never having had it, byte for byte`, async (t) => {
      const store = await open(t);
      await store.prepare(contractIdentity);
      let [run, accepted, refused] = [0, 0, 0];
      await fc.assert(
        fc.asyncProperty(history(), fc.constantFrom(...documentIds), async (steps, gone) => {
          const [lived, pure] = [ownerScope(`lived ${run}`), ownerScope(`pure ${run++}`)];
          const played = await play(store, lived, steps);
          accepted += played.accepted;
          refused += played.refused;
          await store.documents.delete(lived, gone);
          await giveEdits(store, lived, store, pure);
          for (const version of survivors(steps, gone)) await store.documents.put(pure, version);
          assert.equal(await told(store, lived), await told(store, pure));
        }),
        { numRuns: runs },
      );
      t.diagnostic(`${run} histories, ${accepted} edits and undos taken, ${refused} refused`);
      assert.ok(accepted > 0, "the histories hold no edit");
    });

    test(`undoing every edit leaves the graph of ${name} as if it had never been edited`, async (t) => {
      const store = await open(t);
      await store.prepare(contractIdentity);
      let run = 0;
      await fc.assert(
        fc.asyncProperty(history(), async (steps) => {
          const [lived, pure] = [ownerScope(`lived ${run}`), ownerScope(`pure ${run++}`)];
          await play(store, lived, steps);
          for (const { edit_id } of activeEdits(await store.graph.edits(lived)).toReversed())
            await graphEditor(store).undo(lived, edit_id);
          for (const version of survivors(steps, null)) await store.documents.put(pure, version);
          assert.equal(await told(store, lived), await told(store, pure));
        }),
        { numRuns: Math.ceil(runs / 2) },
      );
    });
  }
});

/** The versions that are left in the end, in the order in which they came. */
function survivors(steps: readonly HistoryStep[], gone: string | null) {
  const left = new Map<string, Extract<Step, { kind: "put" }>["version"]>();
  for (const step of steps) {
    if (step.kind === "put") left.set(step.version.document.document_id, step.version);
    else if (step.kind === "delete") left.delete(step.id);
  }
  if (gone !== null) left.delete(gone);
  return [...left.values()];
}
