import { Aggregator, Context, Query as MingoQuery, update as mingoUpdate } from "mingo";
import { notImplemented, ServerError } from "./fault.ts";
import { schemaValidator } from "./json-schema.ts";
import { compareText } from "../../filter/matches.ts";
import { asDoc, cloneValue, isDoc, keyOf, valuesAt, type Doc } from "./value.ts";

/** A compiled filter. */
export interface Query {
  readonly test: (document: Doc) => boolean;
}

type Order = (order: number) => boolean;

/** mingo orders text by UTF-16 units, the server by code points: orderings of text are ours. */
const textOrders: Readonly<Record<string, Order>> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
};
const ownName = (operator: string): `$${string}` => `$codePoint${operator.slice(1)}`;

const ownOperators = Object.fromEntries(
  Object.entries(textOrders).map(([operator, holds]) => [
    ownName(operator),
    (path: string, limit: unknown) => (document: unknown) =>
      valuesAt(document, path)
        .flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : [value]))
        .some((value) => typeof value === "string" && holds(compareText(value, String(limit)))),
  ]),
);

export const mingoOptions = {
  scriptEnabled: false,
  jsonSchemaValidator: schemaValidator,
  context: Context.init({ query: ownOperators as never }),
} as const;

/** Orderings of text under the names that our own operators have. */
function withTextOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTextOrder);
  if (!isDoc(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) =>
      Object.hasOwn(textOrders, name) && typeof part === "string" ? [ownName(name), part] : [name, withTextOrder(part)],
    ),
  );
}

const refusedOperators = new Set([
  "$text",
  "$where",
  "$geoWithin",
  "$geoIntersects",
  "$near",
  "$nearSphere",
  "$meta",
  "$sampleRate",
  "$natural",
]);

/** The meaning of a filter is mingo's; what mingo does not know is refused by name. */
export function compileQuery(filter: Doc): Query {
  refuseUnknown(filter);
  if (Object.keys(filter).length === 0) return { test: () => true };
  return translated(() => {
    const query = new MingoQuery(asDoc(withTextOrder(withoutComment(filter))), mingoOptions);
    return { test: (document) => translated(() => query.test(document)) };
  });
}

function withoutComment(filter: Doc): Doc {
  const { $comment: _comment, ...rest } = filter;
  return rest;
}

function refuseUnknown(value: unknown): void {
  if (Array.isArray(value)) value.forEach(refuseUnknown);
  if (!isDoc(value)) return;
  for (const [name, part] of Object.entries(value)) {
    if (refusedOperators.has(name)) throw notImplemented(`the query operator ${name}`);
    refuseUnknown(part);
  }
}

/** Runs mingo and turns what it throws into the server's answer. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ServerError || (error instanceof Error && error.message.startsWith("blocked"))) throw error;
    throw new ServerError("BadValue", error instanceof Error ? error.message : String(error));
  }
}

const pipelineUpdateStages = new Set(["$addFields", "$set", "$project", "$unset", "$replaceRoot", "$replaceWith"]);

export interface UpdateSpec {
  readonly update: unknown;
  readonly arrayFilters?: readonly Doc[];
}

/** The document after an update; the original is left as it was. */
export function applyUpdate(document: Doc, spec: UpdateSpec, inserting: boolean): Doc {
  const after = translated(() => computeUpdate(document, spec, inserting));
  if (!inserting && keyOf(after["_id"]) !== keyOf(document["_id"])) {
    throw new ServerError(
      "ImmutableField",
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  }
  return after;
}

function computeUpdate(document: Doc, spec: UpdateSpec, inserting: boolean): Doc {
  if (Array.isArray(spec.update)) {
    const stages: Doc[] = spec.update.map(asDoc);
    const stranger = stages.flatMap((stage) => Object.keys(stage)).find((name) => !pipelineUpdateStages.has(name));
    if (stranger !== undefined)
      throw new ServerError("InvalidOptions", `${stranger} is not allowed to be used within an update`);
    return asDoc(new Aggregator(stages, mingoOptions).run([cloneValue(document)])[0]);
  }
  const update = asDoc(spec.update);
  if (!isModifier(update)) return { _id: document["_id"], ...withoutId(update, document) };
  const after = cloneValue(document);
  const { $setOnInsert, ...modifier } = update;
  const operators = cloneValue(inserting && $setOnInsert ? withInsertFields(modifier, asDoc($setOnInsert)) : modifier);
  if (Object.keys(operators).length > 0)
    mingoUpdate(after, operators, (spec.arrayFilters ?? []).map(cloneValue), {}, { queryOptions: mingoOptions });
  return after;
}

const withInsertFields = (modifier: Doc, fields: Doc): Doc => ({
  ...modifier,
  $set: { ...asDoc(modifier["$set"]), ...fields },
});

function withoutId(replacement: Doc, document: Doc): Doc {
  const { _id, ...rest } = replacement;
  return _id === undefined || keyOf(_id) === keyOf(document["_id"]) ? rest : { ...rest, _id };
}

export function isModifier(update: Doc): boolean {
  const names = Object.keys(update);
  const operators = names.filter((name) => name.startsWith("$"));
  if (operators.length > 0 && operators.length < names.length)
    throw new ServerError("FailedToParse", "the update operation document must contain atomic operators only");
  return operators.length > 0;
}

/** What an upsert starts from: the fields that the filter holds to one value. */
export function upsertBase(filter: Doc): Doc {
  const base: Doc = {};
  const collect = (part: Doc): void => {
    for (const [name, condition] of Object.entries(part)) {
      if (name === "$and" && Array.isArray(condition)) condition.map(asDoc).forEach(collect);
      if (name.startsWith("$")) continue;
      if (!isDoc(condition)) setPath(base, name, condition);
      else if (Object.hasOwn(condition, "$eq")) setPath(base, name, condition["$eq"]);
      else if (!Object.keys(condition).some((key) => key.startsWith("$"))) setPath(base, name, condition);
    }
  };
  collect(filter);
  return base;
}

function setPath(target: Doc, path: string, value: unknown): void {
  const names = path.split(".");
  let at = target;
  for (const name of names.slice(0, -1)) {
    const next = isDoc(at[name]) ? at[name] : {};
    at[name] = next;
    at = next;
  }
  at[names.at(-1)!] = value;
}
