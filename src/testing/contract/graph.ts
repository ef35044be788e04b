import assert from "node:assert/strict";
import fc from "fast-check";
import type { LinkRequest } from "../../ports/graph-store.ts";
import { openMemoryStore } from "../memory-store.ts";
import { as, contractIdentity, type ContractCase, type World } from "./case.ts";
import { allPages, assertion, atAngle, chunkId, link, mention, versionOf } from "./examples.ts";
import { assertClose } from "./expect.ts";
import { entityNames, randomSteps, runs, seedIds } from "./random.ts";
import { graphSnapshot, namedPassages } from "./snapshot.ts";
import type { Mention, PassageLink } from "../../records.ts";
import type { Scope } from "../../scope.ts";

/** Writes a passage of one document, with names: `Title!` for a title. */
export async function passage(
  { store }: World,
  scope: Scope,
  id: string,
  names: readonly string[],
  links: string[] = [],
) {
  const at = chunkId(id, 0);
  const mentions = names.map((name): Mention =>
    name.endsWith("!") ? mention(at, name.slice(0, -1), "title") : mention(at, name),
  );
  const own: readonly PassageLink[] = links.map((target) => link(at, target));
  await store.documents.put(scope, versionOf({ id, parts: [`text of ${id}`], graph: { mentions, links: own } }));
}

const follow = async ({ store }: World, scope: Scope, request: Partial<LinkRequest>) => {
  const result = await store.graph.links(scope, {
    seeds: ["a:0"],
    titled: [],
    except: [],
    filter: null,
    maxShared: 20,
    maxSubname: 50,
    maxPassages: 50,
    terms: [],
    vector: null,
    ...request,
  });
  return {
    ...result,
    told: result.edges.map(({ from, to, entity, kind }) => `${kind} ${from} ${entity} ${to}`).toSorted(),
  };
};

export const without = (value: string) => ({ op: "ne", field: "document_id", value }) as const;

export const graphCases: readonly ContractCase[] = [
  {
    name: "an entity is what the passages say of it, and goes with the last of them",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      for (const [id, name] of [
        ["a", "Kafka"],
        ["b", "KAFKA"],
        ["c", "Kafka"],
      ] as const) {
        const mentions = [mention(chunkId(id, 0), "kafka", "body", name)];
        await store.documents.put(scope, versionOf({ id, parts: ["x"], graph: { mentions } }));
      }
      const entity = async () => (await store.graph.entities(scope, ["kafka", "unknown"]))[0];
      const { name, type, aliases, provenance } = (await entity())!;
      assert.deepEqual([name, type, aliases], ["Kafka", "thing", ["KAFKA"]]);
      assert.deepEqual(provenance.toSorted(), ["a:0", "b:0", "c:0"]);
      await store.documents.delete(scope, "a");
      await store.documents.put(scope, versionOf({ id: "c", parts: ["y"] }));
      assert.deepEqual((await entity())?.provenance, ["b:0"]);
      assert.deepEqual([(await entity())?.name, (await entity())?.aliases], ["KAFKA", []]);
      await store.documents.delete(scope, "b");
      assert.equal(await entity(), undefined);
      assert.deepEqual((await store.graph.list(scope, { limit: 5 })).items, []);
    },
  },
  {
    name: "the passages are told with their names, as far as filter, access list and limit let through",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      await passage(world, scope, "b", ["lag", "kafka!", "kafka"]);
      await passage(world, scope, "a", ["kafka"]);
      await passage(world, scope, "c", []);
      const graph = { mentions: [mention(chunkId("h", 0), "secret")] };
      await store.documents.put(scope, versionOf({ id: "h", parts: ["x"], graph, metadata: { access: ["boss"] } }));
      const { names, ...told } = await namedPassages(store, scope);
      assert.deepEqual(
        [told.total, told.passages.map(({ id, names: own }) => [id, ...own])],
        [4, [["a:0", "kafka"], ["b:0", "kafka", "lag"], ["c:0"], ["h:0", "secret"]]],
      );
      assert.deepEqual(names, ["kafka", "lag", "secret"]);
      const reader = as(scope, "staff");
      const seen = await namedPassages(store, reader);
      assert.deepEqual([seen.total, seen.names], [3, ["kafka", "lag"]]);
      const filter = { op: "ne", field: "document_id", value: "b" } as const;
      assert.deepEqual((await namedPassages(store, reader, { filter })).names, ["kafka"]);
      const sample = await namedPassages(store, scope, { limit: 2 });
      assert.deepEqual([sample.total, sample.passages.length], [4, 2]);
    },
  },
  {
    name: "passages that stayed the same are not told again; a put, a delete and an edit are a change",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      const revision = async (known: string | null) =>
        (await store.graph.passageNames(scope, { filter: null, limit: 10, known }))?.revision ?? null;
      const changed = async (known: string | null): Promise<string> => {
        const now = await revision(known);
        assert.ok(now !== null && now !== known);
        assert.equal(await revision(now), null);
        return now;
      };
      const empty = await changed(null);
      await passage(world, scope, "a", ["kafka"]);
      const one = await changed(empty);
      await passage(world, scope, "b", ["lag"]);
      const two = await changed(one);
      await passage(world, world.tenant(), "b", ["lag"]);
      assert.equal(await revision(two), null);
      await store.documents.delete(scope, "a");
      const three = await changed(two);
      const change = { kind: "rename", entity: "lag", into: "delay", name: "Delay" } as const;
      await store.graph.edit(scope, { edit_id: "e1", actor: "owner", created_at: "2026-01-01", change }, 0);
      await changed(three);
      assert.deepEqual((await namedPassages(store, scope)).names, ["delay"]);
    },
  },
  {
    name: "entities are listed by name in the order of code points, narrowed by a prefix taken literally",
    async run(world) {
      const scope = world.tenant();
      const ordered = ["10", "a%b", "a_b", "ab", "b", "é", "ﬀ", "𐍈"];
      await passage(world, scope, "a", ordered.toReversed());
      const list = async (prefix?: string) =>
        (await allPages((page) => world.store.graph.list(scope, { ...page, prefix }))).map(
          (one) => one.normalized_name,
        );
      assert.deepEqual(await list(), ordered);
      assert.deepEqual(await list("a"), ["a%b", "a_b", "ab"]);
      assert.deepEqual(await list("a_"), ["a_b"]);
      assert.deepEqual(await list("a%"), ["a%b"]);
      assert.deepEqual(await list("b"), ["b"]);
    },
  },
  {
    name: "relationships add up over their assertions, strongest first, as far as the filter allows",
    async run({ store, tenant }) {
      const scope = tenant();
      const put = (id: string, ...pairs: readonly [string, string, number][]) => {
        const assertions = pairs.map(([from, to, weight]) => assertion(chunkId(id, 0), from, to, weight));
        return store.documents.put(scope, versionOf({ id, parts: [id], graph: { assertions } }));
      };
      await put("a", ["x", "y", 1], ["z", "x", 2.5]);
      await put("b", ["x", "y", 2], ["y", "x", 0.5], ["y", "z", 9]);
      const neighbours = async (request: object = {}) =>
        (await store.graph.neighbours(scope, { entity: "x", limit: 9, ...request })).map(
          (one) => `${one.source_entity} ${one.target_entity} ${one.weight} ${one.provenance.toSorted().join(" ")}`,
        );
      assert.deepEqual(await neighbours(), ["x y 3 a:0 b:0", "z x 2.5 a:0", "y x 0.5 b:0"]);
      assert.deepEqual(await neighbours({ limit: 1 }), ["x y 3 a:0 b:0"]);
      const filter = { op: "eq", field: "document_id", value: "a" };
      assert.deepEqual(await neighbours({ filter }), ["z x 2.5 a:0", "x y 1 a:0"]);
      const short = assertion(chunkId("c", 0), "x", "ex", 0.1, "short for");
      const beside = assertion(chunkId("c", 0), "y", "z", 1);
      await store.documents.put(scope, versionOf({ id: "c", parts: ["c"], graph: { assertions: [short, beside] } }));
      assert.deepEqual(await neighbours({ limit: 1, type: "short for" }), ["x ex 0.1 c:0"]);
      assert.deepEqual(await neighbours({ type: "none" }), []);
      await store.documents.delete(scope, "c");
      await store.documents.delete(scope, "a");
      assert.deepEqual(await neighbours(), ["x y 2 b:0", "y x 0.5 b:0"]);
    },
  },
  {
    name: "passages tell what they mention, each mention as it was written",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", ["kafka!", "kafka", "lag"]);
      await passage(world, scope, "b", ["kafka"]);
      const told = async (ids: readonly string[]) =>
        (await world.store.graph.mentions(scope, ids)).map((m) => `${m.chunk_id} ${m.entity} ${m.kind}`).toSorted();
      assert.deepEqual(await told(["a:0", "unknown"]), ["a:0 kafka body", "a:0 kafka title", "a:0 lag body"]);
      const [mentioned] = await world.store.graph.mentions(scope, ["b:0"]);
      assert.deepEqual(mentioned, mention("b:0", "kafka"));
    },
  },
  {
    name: "names weigh by the passages that mention them and those they are the title of",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", ["kafka!", "kafka", "lag"]);
      await passage(world, scope, "b", ["kafka"]);
      const weights = await world.store.graph.weigh(scope, ["lag", "kafka", "unknown"]);
      assert.deepEqual(
        weights.toSorted((x, y) => x.passages - y.passages),
        [
          { asked: "lag", entity: "lag", passages: 1, titled: 0 },
          { asked: "kafka", entity: "kafka", passages: 2, titled: 1 },
        ],
      );
    },
  },
  {
    name: "links go forward to titles, back from titles, and over shared names",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", ["home!", "target", "common"]);
      await passage(world, scope, "b", ["target!"]);
      await passage(world, scope, "c", ["home"]);
      await passage(world, scope, "d", ["common"]);
      await passage(world, scope, "e", ["stranger", "home!"]);
      const { told, passages, weights } = await follow(world, scope, {});
      assert.deepEqual(told, ["back a:0 home c:0", "forward a:0 target b:0", "shared a:0 common d:0"]);
      assert.deepEqual(passages.map(({ chunk_id }) => chunk_id).toSorted(), ["a:0", "b:0", "c:0", "d:0"]);
      assert.deepEqual(
        weights.map(({ entity, passages: count, titled }) => `${entity} ${count} ${titled}`).toSorted(),
        ["common 2 0", "home 3 2", "target 2 1"],
      );
      const asked = await follow(world, scope, { except: ["home", "target", "unknown"] });
      const names = asked.passages.find(({ chunk_id }) => chunk_id === "a:0")!.entities;
      assert.deepEqual(names.map(({ entity, title }) => `${entity} ${title}`).toSorted(), [
        "home true",
        "target false",
      ]);
    },
  },
  {
    name: "links go to longer names that hold a name as a part",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", ["red topic", "lag", "rock", "oak", "lime"]);
      await passage(world, scope, "b", ["big red topic"]);
      await passage(world, scope, "c", ["red topical"]);
      await passage(world, scope, "d", ["consumer lag", "rock band"]);
      await passage(world, scope, "e", ["rock!", "oak!", "lime"]);
      await passage(world, scope, "f", ["oak table", "lime tree"]);
      const named = (await follow(world, scope, {})).told.filter((edge) => edge.startsWith("subname"));
      assert.deepEqual(named, ["subname a:0 red topic b:0", "subname a:0 rock d:0"]);
      const few = (await follow(world, scope, { maxSubname: 1 })).told.filter((edge) => edge.startsWith("subname"));
      assert.deepEqual(few, []);
    },
  },
  {
    name: "addresses lead to documents by source or id, and to titles",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", [], ["b.txt", "c", "some title", "nowhere"]);
      await passage(world, scope, "b", []);
      await passage(world, scope, "c", []);
      await passage(world, scope, "d", ["some title!"]);
      const { told } = await follow(world, scope, {});
      assert.deepEqual(told, ["hyperlink a:0 b.txt b:0", "hyperlink a:0 c c:0", "hyperlink a:0 some title d:0"]);
    },
  },
  {
    name: "an address with a place leads to the passage that is the place, else to the whole document",
    async run({ store, tenant }) {
      const scope = tenant();
      const put = (id: string, parts: readonly string[], links: readonly PassageLink[]) =>
        store.documents.put(scope, versionOf({ id, parts, graph: { links } }));
      await put(
        "a",
        ["here"],
        [
          link("a:0", "b.txt#two", "reply"),
          link("a:0", "b.txt#two", "citation"),
          link("a:0", "c#gone"),
          link("a:0", "#7", "ticket"),
        ],
      );
      await put("b", ["one", "two"], [link("b:1", "b.txt#two", "anchor"), link("b:1", "#7", "anchor")]);
      await put("c", ["x", "y"], [link("c:0", "c#there", "anchor")]);
      const told = async (request: Partial<LinkRequest> = {}) =>
        (await follow({ store } as World, scope, request)).told;
      const wanted = ["citation a:0 b.txt#two b:1", "hyperlink a:0 c#gone c:0", "hyperlink a:0 c#gone c:1"];
      assert.deepEqual(await told(), [...wanted, "reply a:0 b.txt#two b:1", "ticket a:0 #7 b:1"]);
      assert.deepEqual(await told({ seeds: ["b:1"] }), []);
      assert.equal((await store.graph.count(scope)).linksPerPassage, 3 / 5);
      assert.equal(await store.graph.linkDensity(scope), 3 / 5);
      await store.documents.delete(scope, "b");
      assert.deepEqual(await told(), wanted.slice(1));
    },
  },
  {
    name: "names of the question are not followed, common ones neither, and few passages are fetched per name",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", ["asked", "common"]);
      for (const id of ["b", "c", "d", "e"]) await passage(world, scope, id, ["asked!", "common"]);
      assert.deepEqual((await follow(world, scope, { except: ["asked"], maxShared: 4 })).told, []);
      const { told } = await follow(world, scope, { maxPassages: 2 });
      assert.deepEqual(told, [
        "forward a:0 asked b:0",
        "forward a:0 asked c:0",
        "shared a:0 common b:0",
        "shared a:0 common c:0",
      ]);
    },
  },
  {
    name: "passages with a title asked for are given, seeds or not, and a filter holds for every end of a link",
    async run(world) {
      const scope = world.tenant();
      await passage(world, scope, "a", ["common"]);
      await passage(world, scope, "b", ["common"]);
      await passage(world, scope, "c", ["wanted!"]);
      const ids = async (request: Partial<LinkRequest>) =>
        (await follow(world, scope, request)).passages.map(({ chunk_id }) => chunk_id).toSorted();
      assert.deepEqual(await ids({ titled: ["wanted"] }), ["a:0", "b:0", "c:0"]);
      assert.deepEqual(await ids({ seeds: [], titled: ["wanted"] }), ["c:0"]);
      assert.deepEqual(await ids({ filter: without("b") }), ["a:0"]);
      assert.deepEqual(await ids({ filter: without("a") }), []);
      assert.deepEqual(await ids({ titled: ["wanted"], filter: without("c") }), ["a:0", "b:0"]);
    },
  },
  {
    name: "linked passages carry their words as a mask and their cosine",
    async run({ store, tenant }) {
      const scope = tenant();
      const example = { id: "a", title: "heron", parts: ["walrus otter"], vectors: [atAngle(60)] };
      await store.documents.put(scope, versionOf(example));
      await store.settle();
      const world = { store } as World;
      const terms = ["walrus", "absent", "heron", ...Array.from({ length: 27 }, (_, n) => `x${n}`), "otter"];
      const [found] = (await follow(world, scope, { terms, vector: atAngle(0) })).passages;
      assert.equal(found?.mask, 0b101 + 2 ** 30);
      assertClose(found?.cosine, 0.5, 0.01);
      const [without] = (await follow(world, scope, {})).passages;
      assert.deepEqual([without?.mask, without?.cosine], [0, null]);
    },
  },
  {
    name: "counts say how many names, relationships, passages and links to titles there are",
    async run(world) {
      const { store } = world;
      const scope = world.tenant();
      assert.deepEqual(await store.graph.count(scope), {
        entities: 0,
        relationships: 0,
        passages: 0,
        linksPerPassage: 0,
      });
      await passage(world, scope, "a", ["home!", "home", "target"]);
      await passage(world, scope, "b", ["target!", "home"]);
      await passage(world, scope, "c", ["target", "else"]);
      await passage(world, scope, "d", []);
      const { linksPerPassage, entities, passages } = await store.graph.count(scope);
      assert.deepEqual([linksPerPassage, entities, passages], [0.75, 3, 4]);
      assert.equal(await store.graph.linkDensity(scope), 0.75);
    },
  },
  {
    name: "the graph answers as that of the reference store does, after any puts and deletes",
    needs: "exactScores",
    async run({ store, tenant, effort }) {
      await fc.assert(
        fc.asyncProperty(randomSteps(), async (steps) => {
          const scope = tenant();
          const reference = openMemoryStore();
          await reference.prepare(contractIdentity);
          for (const one of [store, reference]) {
            for (const step of steps) {
              if (step.kind === "put") await one.documents.put(scope, step.version);
              else await one.documents.delete(scope, step.id);
            }
          }
          await store.settle();
          const seen = await graphSnapshot(store, scope, entityNames, seedIds);
          assertClose(seen, await graphSnapshot(reference, scope, entityNames, seedIds), 1e-6);
        }),
        runs(effort, 25),
      );
    },
  },
];
