import assert from "node:assert/strict";
import type { PassageLink } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { as, type ContractCase } from "./case.ts";
import { link, versionOf } from "./examples.ts";

/** Where passages point themselves. */
export const pointerCases: readonly ContractCase[] = [
  {
    name: "passages tell where they point themselves, in the order of places, to those who may read them",
    async run({ store, tenant }) {
      const scope = tenant();
      const links: readonly PassageLink[] = [
        { ...link("a:1", "c", "reply"), start: 9, end: 12 },
        { ...link("a:1", "b", "ticket"), start: 7, end: 8 },
        link("a:1", "a.txt#two", "anchor"),
        link("a:0", "d"),
      ];
      const hidden = { access: ["boss"] };
      await store.documents.put(
        scope,
        versionOf({ id: "a", parts: ["one", "two"], graph: { links }, metadata: hidden }),
      );
      const told = async (caller: Scope, ids: readonly string[]) => {
        const found = await store.graph.pointers(caller, ids);
        return found.map(({ chunk_id, kind, target, start }) => `${chunk_id} ${kind} ${target} ${start}`);
      };
      assert.deepEqual(await told(scope, ["a:1", "a:0", "gone:0"]), [
        `a:0 hyperlink d ${links[3]!.start}`,
        "a:1 ticket b 7",
        "a:1 reply c 9",
      ]);
      assert.deepEqual(await told(as(scope, "boss"), ["a:0"]), [`a:0 hyperlink d ${links[3]!.start}`]);
      assert.deepEqual(await told(as(scope, "clerk"), ["a:0", "a:1"]), []);
      assert.deepEqual(await told(tenant(), ["a:0"]), []);
    },
  },
];
