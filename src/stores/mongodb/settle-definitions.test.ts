import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "./context.ts";
import type { Quantization } from "./indexes.ts";
import { chosenQuantization } from "./settle-definitions.ts";

interface Cluster {
  readonly vectors: number;
  /** Of the index that is there; undefined: there is none. */
  readonly present?: Quantization;
  /** Of the settings; undefined: auto. */
  readonly set?: Quantization;
}

/** A context that has no more than the choice asks for. */
function contextOf({ vectors, present, set }: Cluster): Context {
  const definition = { fields: [{ type: "vector", path: "vector", quantization: present }] };
  const listed = present === undefined ? [] : [{ name: "vector_knn_index", latestDefinition: definition }];
  return {
    db: { collection: () => ({ estimatedDocumentCount: async () => vectors }) },
    profile: {
      isQuantizationOpen: set === undefined,
      settings: { quantization: set },
      listWhereSearched: async () => listed,
    },
  } as unknown as Context;
}

const chosen = async (cluster: Cluster, bySize: boolean): Promise<Quantization> => {
  const { quantization = "none" } = await chosenQuantization(
    contextOf(cluster),
    { dimensions: 1024, generation: 0 },
    bySize,
  );
  return quantization;
};

test("quantization goes by the size of the index where it is made, and where an operator asks for a plan", async () => {
  assert.equal(await chosen({ vectors: 1000 }, false), "none");
  assert.equal(await chosen({ vectors: 2_000_000 }, false), "scalar");
  assert.equal(await chosen({ vectors: 30_000_000 }, false), "binary");
  assert.equal(await chosen({ vectors: 2_000_000, present: "none" }, true), "scalar");
});

test("an index that is there keeps what it has when a server starts, and never goes back to a weaker one by itself", async () => {
  assert.equal(await chosen({ vectors: 2_000_000, present: "none" }, false), "none");
  assert.equal(await chosen({ vectors: 10, present: "scalar" }, true), "scalar");
});

test("what the settings say stands, whatever the size", async () => {
  assert.equal(await chosen({ vectors: 30_000_000, present: "scalar", set: "none" }, true), "none");
  assert.equal(await chosen({ vectors: 10, set: "binary" }, false), "binary");
});
