import { ServerError } from "../fault.ts";
import { asDoc, asText, isDoc, type Doc } from "../value.ts";

/** Where a document carries its search metadata through a pipeline; taken off at the end. */
export const metaField = "__search_meta__";

const keywords = new Set([
  "searchScore",
  "searchScoreDetails",
  "searchHighlights",
  "searchSequenceToken",
  "vectorSearchScore",
  "score",
  "scoreDetails",
]);

/** Turns `{$meta: keyword}` into a field path, and lets the metadata survive stages that reshape documents. */
export function rewriteMeta(stage: string, body: unknown): unknown {
  const rewritten = rewriteExpressions(body);
  if (stage === "$project" && isInclusion(asDoc(rewritten))) return { ...asDoc(rewritten), [metaField]: 1 };
  if (stage === "$replaceRoot") return { newRoot: keeping(asDoc(rewritten)["newRoot"]) };
  if (stage === "$replaceWith") return keeping(rewritten);
  return rewritten;
}

const keeping = (root: unknown): Doc => ({ $mergeObjects: [root, { [metaField]: `$${metaField}` }] });

const isInclusion = (projection: Doc): boolean =>
  Object.entries(projection).some(([name, value]) => name !== "_id" && value !== 0 && value !== false);

function rewriteExpressions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewriteExpressions);
  if (!isDoc(value)) return value;
  const keyword = value["$meta"];
  if (keyword !== undefined) {
    if (!keywords.has(asText(keyword)))
      throw new ServerError("BadValue", `Unsupported argument to $meta: ${asText(keyword)}`);
    return `$${metaField}.${asText(keyword)}`;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, rewriteExpressions(part)]));
}

/** Removes the metadata wherever a stage may have copied it to. */
export function withoutMeta(documents: readonly Doc[]): readonly Doc[] {
  return documents.map((document) => asDoc(strip(document)));
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isDoc(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (name === metaField ? [] : [[name, strip(part)]])),
  );
}
