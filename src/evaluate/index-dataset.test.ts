import assert from "node:assert/strict";
import { test } from "node:test";
import type { GivenDocument } from "../ingest/sources.ts";
import type { Document } from "../records.ts";
import { ownerScope } from "../scope.ts";
import { indexDataset, type Indexing } from "./index-dataset.ts";

const document = (document_id: string) => ({ document_id, title: "", text: document_id, metadata: {} });

/** Holds ids alone, two a page. */
function shelf(...ids: string[]) {
  const held = new Set(ids);
  const rag = {
    ingest: async function* (_: unknown, sources: readonly GivenDocument[]) {
      for (const { document_id } of sources) held.add(document_id!);
      yield { type: "discovered", files: sources.length };
    },
    store: {
      settle: async () => undefined,
      documents: {
        list: async (_: unknown, { cursor }: { cursor: string | null }) => {
          const rest = [...held].toSorted().filter((id) => cursor === null || id > cursor);
          const items = rest.slice(0, 2).map((document_id) => ({ document_id }) as Document);
          return { items, next: rest.length > 2 ? items.at(-1)!.document_id : null };
        },
        delete: async (_: unknown, id: string) => held.delete(id),
      },
    },
  } as unknown as Indexing;
  return { rag, held };
}

test("afterwards the index holds the documents of the set and no other", async () => {
  const { rag, held } = shelf("a", "b", "old 1", "old 2", "old 3");
  const events: string[] = [];
  await indexDataset(rag, ownerScope("t"), ["a", "b", "c"].map(document), {
    onEvent: ({ type }) => void events.push(type),
  });
  assert.deepEqual([...held].toSorted(), ["a", "b", "c"]);
  assert.deepEqual(events, ["discovered"]);
});

test("a cancelled run removes nothing", async () => {
  const { rag, held } = shelf("a", "old");
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(indexDataset(rag, ownerScope("t"), [document("a")], { signal }), /enough/);
  assert.ok(held.has("old"));
});
