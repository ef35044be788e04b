import fc from "fast-check";
import type { NameChange } from "../../edits/edited-names.ts";
import type { DocumentVersion } from "../../ports/store.ts";
import type { DocumentGraph } from "../../records.ts";
import { documentExample, type DocumentExample } from "../arbitraries.ts";
import { assertion, chunkId, link, mention, versionOf } from "./examples.ts";

export const documentIds = ["a", "b", "c", "d"];

export const entityNames = ["kafka", "broker", "kafka broker", "red topic", "lag"];

export const seedIds = documentIds.flatMap((id) => [chunkId(id, 0), chunkId(id, 1)]);

/** Names, links and statements for the chunks that there are. */
const graphOf = (id: string, parts: number): fc.Arbitrary<DocumentGraph> => {
  const chunk = fc.nat(parts - 1).map((ordinal) => chunkId(id, ordinal));
  const name = fc.constantFrom(...entityNames);
  return fc.record({
    mentions: fc.array(
      fc
        .tuple(chunk, name, fc.constantFrom("title" as const, "body" as const, "term" as const))
        .map(([at, entity, kind]) => mention(at, entity, kind, entity.toUpperCase())),
      { maxLength: 6 },
    ),
    links: fc.array(
      fc
        .tuple(
          chunk,
          fc.constantFrom(...documentIds, "a.txt", "a.txt#there", "kafka", "unknown"),
          fc.constantFrom("hyperlink" as const, "reply" as const, "anchor" as const),
        )
        .map(([at, target, kind]) => link(at, target, kind)),
      { maxLength: 4 },
    ),
    assertions: fc.array(
      fc
        .tuple(chunk, name, name, fc.constantFrom(1, 2.5, 4), fc.constantFrom("knows", "runs"))
        .map(([at, from, to, weight, type]) => assertion(at, from, to, weight, type)),
      { maxLength: 4 },
    ),
  });
};

const versionFrom = (id: string, example: DocumentExample): fc.Arbitrary<DocumentVersion> =>
  graphOf(id, example.parts.length).map((graph) => versionOf({ id, ...example, graph }));

/** A whole random version of one of four documents. */
const randomVersion = (): fc.Arbitrary<DocumentVersion> =>
  fc.tuple(fc.constantFrom(...documentIds), documentExample()).chain(([id, example]) => versionFrom(id, example));

/** One random version of each of the documents of a corpus. */
export const randomCorpus = (size: number): fc.Arbitrary<readonly DocumentVersion[]> =>
  fc
    .array(documentExample(), { minLength: size, maxLength: size })
    .chain((examples) => fc.tuple(...examples.map((example, index) => versionFrom(`doc${index}`, example))));

export type Step =
  | { readonly kind: "put"; readonly version: DocumentVersion }
  | { readonly kind: "delete"; readonly id: string };

export const randomStep = (): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 3, arbitrary: randomVersion().map((version): Step => ({ kind: "put", version })) },
    { weight: 2, arbitrary: fc.constantFrom(...documentIds).map((id): Step => ({ kind: "delete", id })) },
  );

export const randomSteps = (): fc.Arbitrary<readonly Step[]> => fc.array(randomStep(), { minLength: 2, maxLength: 10 });

/** How many random examples are tried; a failure is always reduced and prints its seed. */
export const runs = (effort: number, numRuns: number): fc.Parameters<unknown> => ({
  numRuns: Math.max(1, Math.round(effort * numRuns)),
});

/** A change of names that nobody checked, or the undo of one that was made before, by its place among them. */
export type EditStep =
  | { readonly kind: "change"; readonly change: NameChange }
  | { readonly kind: "undo"; readonly which: number };

const randomEdit = (): fc.Arbitrary<EditStep> => {
  const entity = fc.constantFrom(...entityNames);
  const into = fc.constantFrom(...entityNames, "red", "big red topic");
  const some = <T>(...values: readonly T[]) => fc.subarray([...values], { maxLength: 2 });
  const named = into.map((name) => ({ into: name, name: name.toUpperCase() }));
  const change: fc.Arbitrary<NameChange> = fc.oneof(
    fc.tuple(entity, into).map(([from, to]) => ({ kind: "merge" as const, entity: from, into: to })),
    fc.tuple(entity, named).map(([from, to]) => ({ kind: "rename" as const, entity: from, ...to })),
    fc
      .tuple(entity, named, some(...seedIds), some(...documentIds), some("KAFKA", "LAG"))
      .map(([from, to, chunk_ids, document_ids, spellings]) => ({
        kind: "split" as const,
        entity: from,
        ...to,
        chunk_ids,
        document_ids,
        spellings,
      })),
    entity.map((from) => ({ kind: "delete" as const, entity: from })),
  );
  return fc.oneof(
    { weight: 3, arbitrary: change.map((one): EditStep => ({ kind: "change", change: one })) },
    { weight: 1, arbitrary: fc.nat(5).map((which): EditStep => ({ kind: "undo", which })) },
  );
};

export const randomEditedSteps = (): fc.Arbitrary<readonly (Step | EditStep)[]> =>
  fc.array(fc.oneof({ weight: 3, arbitrary: randomStep() }, { weight: 2, arbitrary: randomEdit() }), {
    minLength: 3,
    maxLength: 14,
  });
