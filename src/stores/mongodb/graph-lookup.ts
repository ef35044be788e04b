import { allowKeys, isBody, refusePipeline, type Body } from "./check-pipeline.ts";
import { collections } from "./names.ts";

export interface GraphLookup {
  readonly tenant: string;
  /** Null for the owner, who reads everything. */
  readonly readers: readonly string[] | null;
  /** Normalised name that the walk starts from. */
  readonly entity: string;
  readonly maxDepth: number;
}

/**
 * A walk over names that stand in the same passages, inside one tenant: the tenant and the access list are in
 * `restrictSearchWithMatch`, which holds at every hop. It begins from a document of the tenant, so the pipeline's first
 * stage picks one passage that has the name.
 */
export function graphLookupPipeline(lookup: GraphLookup): readonly Body[] {
  const visible = {
    "metadata.tenant_id": lookup.tenant,
    live: true,
    ...(lookup.readers === null ? {} : { readers: { $in: lookup.readers } }),
  };
  const stage = {
    from: collections.chunks,
    startWith: "$entities",
    connectFromField: "entities",
    connectToField: "entities",
    as: "reached",
    maxDepth: lookup.maxDepth,
    depthField: "depth",
    restrictSearchWithMatch: visible,
  };
  checkGraphLookup(stage, lookup.tenant);
  return [
    { $match: { ...visible, entities: lookup.entity } },
    { $limit: 1 },
    { $project: { entities: 1 } },
    { $graphLookup: stage },
    { $unwind: "$reached" },
    { $project: { _id: "$reached._id", chunk_id: "$reached.chunk_id", depth: "$reached.depth" } },
  ];
}

const options = [
  "from",
  "startWith",
  "connectFromField",
  "connectToField",
  "as",
  "maxDepth",
  "depthField",
  "restrictSearchWithMatch",
];

/** A walk without the tenant would leave it. */
export function checkGraphLookup(body: Body, tenant: string): void {
  allowKeys(body, options, "$graphLookup");
  const match = body["restrictSearchWithMatch"];
  if (!isBody(match) || (match["metadata.tenant_id"] !== tenant && match["tenant_id"] !== tenant))
    refusePipeline("$graphLookup.restrictSearchWithMatch", "the tenant is missing; the walk would leave it.");
  const depth = body["maxDepth"];
  if (!Number.isInteger(depth) || Number(depth) < 0 || Number(depth) > 3)
    refusePipeline("$graphLookup.maxDepth", "0 to 3 is expected: the result must fit one document.");
}
