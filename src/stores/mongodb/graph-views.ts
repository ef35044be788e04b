import { MongoServerError, type Db, type Document } from "mongodb";
import { keyOfDefinition } from "./definition-key.ts";
import type { IndexStep } from "./index-plan.ts";
import { collections } from "./names.ts";

/**
 * The guide's collections `entities` and `relationships`, for whoever opens the database: views, read from the passages
 * as they are at that moment, so that no write pays for them and nothing can fall behind. A view reads every passage
 * that the caller's filter does not exclude, so nothing here asks them.
 */
export interface GraphView {
  readonly name: "entities" | "relationships";
  readonly pipeline: readonly Document[];
  /** For people. */
  readonly words: string;
}

/** Passages that are named at most: a name that is everywhere must not outgrow a document. */
const mostPassages = 10_000;

const passages = (list: "mentions" | "assertions"): readonly Document[] => [
  { $match: { live: true } },
  { $project: { tenant_id: "$metadata.tenant_id", chunk_id: 1, [list]: 1 } },
  { $unwind: `$${list}` },
];

/** Values of `_id`, which they were grouped by, as a group's own. */
const from = (...names: readonly string[]): Document => Object.fromEntries(names.map((name) => [name, `$_id.${name}`]));

/** What stands most often first, equals by code point: the order in which the product names an entity. */
const commonest = (field: "name" | "type"): Document => ({
  $sortArray: {
    input: {
      $map: {
        input: { $setUnion: [`$spellings.${field}`, []] },
        as: "value",
        in: {
          value: "$$value",
          count: {
            $sum: {
              $map: {
                input: {
                  $filter: { input: "$spellings", as: "one", cond: { $eq: [`$$one.${field}`, "$$value"] } },
                },
                as: "one",
                in: "$$one.count",
              },
            },
          },
        },
      },
    },
    sortBy: { count: -1, value: 1 },
  },
});

const sorted = (input: unknown): Document => ({ $sortArray: { input, sortBy: 1 } });
const firstOf = (field: string): Document => ({ $arrayElemAt: [`$${field}.value`, 0] });
const some = (input: string): Document => ({ $firstN: { n: mostPassages, input } });

/** Groups first by passage, so that a spelling and a passage are each counted once. */
const entities: readonly Document[] = [
  ...passages("mentions"),
  {
    $group: {
      _id: {
        tenant_id: "$tenant_id",
        normalized_name: "$mentions.entity",
        name: "$mentions.name",
        type: "$mentions.type",
        chunk_id: "$chunk_id",
      },
      count: { $sum: 1 },
    },
  },
  {
    $group: {
      _id: from("tenant_id", "normalized_name", "name", "type"),
      count: { $sum: "$count" },
      provenance: some("$_id.chunk_id"),
    },
  },
  {
    $group: {
      _id: from("tenant_id", "normalized_name"),
      spellings: { $push: { name: "$_id.name", type: "$_id.type", count: "$count" } },
      provenance: { $push: "$provenance" },
    },
  },
  { $set: { names: commonest("name"), types: commonest("type") } },
  {
    $project: {
      ...from("tenant_id", "normalized_name"),
      name: firstOf("names"),
      type: firstOf("types"),
      aliases: sorted({ $setDifference: ["$names.value", [firstOf("names")]] }),
      provenance: {
        $slice: [
          sorted({
            $reduce: { input: "$provenance", initialValue: [], in: { $setUnion: ["$$value", "$$this"] } },
          }),
          mostPassages,
        ],
      },
    },
  },
];

const statement = ["tenant_id", "source_entity", "target_entity", "type"] as const;
/** The weightiest first: its words speak for all. */
const weightiestFirst = (list: string): Document => ({ $sort: { [`${list}.weight`]: -1, [`${list}.description`]: 1 } });

const relationships: readonly Document[] = [
  ...passages("assertions"),
  weightiestFirst("assertions"),
  {
    $group: {
      _id: {
        tenant_id: "$tenant_id",
        source_entity: "$assertions.source_entity",
        target_entity: "$assertions.target_entity",
        type: "$assertions.type",
        chunk_id: "$chunk_id",
      },
      weight: { $sum: "$assertions.weight" },
      said: { $first: { weight: "$assertions.weight", description: "$assertions.description" } },
    },
  },
  weightiestFirst("said"),
  {
    $group: {
      _id: from(...statement),
      weight: { $sum: "$weight" },
      description: { $first: "$said.description" },
      provenance: some("$_id.chunk_id"),
    },
  },
  {
    $project: {
      ...from(...statement),
      description: 1,
      weight: 1,
      provenance: sorted("$provenance"),
    },
  },
];

export const graphViews: readonly GraphView[] = [
  { name: "entities", pipeline: entities, words: "names, their spellings and the passages that hold them" },
  { name: "relationships", pipeline: relationships, words: "what passages state of two names" },
];

/** What is to be done about the views; a collection of that name is somebody's own and stays. */
export async function viewSteps(db: Db): Promise<readonly IndexStep[]> {
  const names = graphViews.map(({ name }) => name);
  const listed = await db.listCollections({ name: { $in: names } }).toArray();
  return graphViews.map((view): IndexStep => {
    const found = listed.find(({ name }) => name === view.name);
    const step = { index: "view", collection: view.name };
    if (found === undefined)
      return {
        ...step,
        action: "create",
        words: `create the view ${view.name} over ${collections.chunks}: ${view.words}`,
      };
    if (found.type !== "view")
      return { ...step, action: "keep", words: `${view.name} is a collection that others made; it is left alone` };
    return isAsDefined(view, found)
      ? { ...step, action: "keep", words: `the view ${view.name} is there` }
      : { ...step, action: "update", words: `change the view ${view.name}` };
  });
}

function isAsDefined({ pipeline }: GraphView, listed: Document): boolean {
  const options = listed["options"] as Document | undefined;
  return (
    options?.["viewOn"] === collections.chunks && keyOfDefinition(options["pipeline"]) === keyOfDefinition(pipeline)
  );
}

export async function applyViews(db: Db): Promise<readonly IndexStep[]> {
  const steps = await viewSteps(db);
  for (const [index, { action }] of steps.entries()) {
    const { name, pipeline } = graphViews[index]!;
    const options = { viewOn: collections.chunks, pipeline: [...pipeline] };
    if (action === "create") await createView(db, name, options);
    if (action === "update") await db.command({ collMod: name, ...options });
  }
  return steps;
}

const namespaceExists = 48;

/** Another server may make it at the same moment. */
async function createView(db: Db, name: string, options: { viewOn: string; pipeline: Document[] }): Promise<void> {
  try {
    await db.createCollection(name, options);
  } catch (error) {
    if (!(error instanceof MongoServerError && error.code === namespaceExists)) throw error;
  }
}
