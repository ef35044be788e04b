import { HybridRAGError } from "../../errors.ts";
import type { SupportingIndex } from "./indexes.ts";

type Body = Readonly<Record<string, unknown>>;

/** Refuses a definition that mongot would reject, or accept and leave empty. */
function refuse(path: string, why: string): never {
  throw new HybridRAGError("invalid_config", `The search index definition is wrong at ${path}: ${why}`, {
    details: { path },
  });
}

const bodyAt = (value: unknown, path: string): Body =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Body)
    : refuse(path, "an object is expected.");

function allow(body: Body, names: readonly string[], path: string): void {
  const stranger = Object.keys(body).find((name) => !names.includes(name));
  if (stranger !== undefined) refuse(`${path}.${stranger}`, "mongot knows no such option and rejects the whole index.");
}

function oneOf(body: Body, name: string, choices: readonly unknown[], path: string): void {
  if (body[name] !== undefined && !choices.includes(body[name]))
    refuse(`${path}.${name}`, `one of ${choices.map(String).join(", ")} is expected.`);
}

function between(body: Body, name: string, low: number, high: number, path: string): void {
  const value = body[name];
  if (value !== undefined && !(Number.isInteger(value) && Number(value) >= low && Number(value) <= high))
    refuse(`${path}.${name}`, `a whole number from ${low} to ${high} is expected.`);
}

const vectorOptions = ["type", "numDimensions", "similarity", "quantization", "hnswOptions", "indexingMethod"];

function checkVectorField(field: Body, path: string, options: readonly string[]): void {
  allow(field, options, path);
  if (field["numDimensions"] === undefined) refuse(`${path}.numDimensions`, "it is required.");
  if (field["similarity"] === undefined) refuse(`${path}.similarity`, "it is required.");
  between(field, "numDimensions", 1, 8192, path);
  oneOf(field, "similarity", ["cosine", "dotProduct", "euclidean"], path);
  oneOf(field, "quantization", ["none", "scalar", "binary"], path);
  oneOf(field, "indexingMethod", ["hnsw", "flat"], path);
  if (field["quantization"] === "binary" && Number(field["numDimensions"]) % 8 !== 0)
    refuse(`${path}.numDimensions`, "binary quantization needs a multiple of 8.");
  if (field["hnswOptions"] === undefined) return;
  const hnsw = bodyAt(field["hnswOptions"], `${path}.hnswOptions`);
  allow(hnsw, ["maxEdges", "numEdgeCandidates"], `${path}.hnswOptions`);
  between(hnsw, "maxEdges", 16, 64, `${path}.hnswOptions`);
  between(hnsw, "numEdgeCandidates", 100, 3200, `${path}.hnswOptions`);
}

/** The rules for indexes of type `vectorSearch`. */
export function checkVectorDefinition(definition: unknown): void {
  const body = bodyAt(definition, "definition");
  allow(body, ["fields", "storedSource", "numPartitions"], "definition");
  if (!Array.isArray(body["fields"]) || body["fields"].length === 0)
    refuse("fields", "at least one field is expected.");
  const fields = (body["fields"] as unknown[]).map((field, at) => bodyAt(field, `fields[${at}]`));
  fields.forEach((field, at) => {
    const path = `fields[${at}]`;
    if (typeof field["path"] !== "string" || field["path"] === "") refuse(`${path}.path`, "it is required.");
    if (field["type"] === "vector") checkVectorField(field, path, [...vectorOptions, "path"]);
    else if (field["type"] === "filter") allow(field, ["type", "path"], path);
    else refuse(`${path}.type`, "vector or filter is expected.");
  });
  if (!fields.some((field) => field["type"] === "vector")) refuse("fields", "at least one vector is expected.");
  if (new Set(fields.map((field) => field["path"])).size < fields.length) refuse("fields", "a path stands twice.");
  checkStoredSource(body, true);
}

function checkStoredSource(body: Body, hasVector: boolean): void {
  const stored = body["storedSource"];
  if (stored === undefined || stored === false) return;
  if (stored === true) {
    if (hasVector) refuse("storedSource", "true would store the vectors; list the fields.");
    return;
  }
  const lists = bodyAt(stored, "storedSource");
  allow(lists, ["include", "exclude"], "storedSource");
  if (Object.keys(lists).length !== 1) refuse("storedSource", "either include or exclude is expected.");
  const include = lists["include"];
  if (Array.isArray(include) && include.includes("vector"))
    refuse("storedSource.include", "the vector cannot be stored.");
}

/** What `createIndex` takes and then does otherwise than meant. */
export function checkSupportingIndex({ collection, key, options }: SupportingIndex): void {
  const paths = Object.keys(key);
  const path = `${collection}.${paths.join("_")}`;
  if (options.unique && !/^(metadata\.)?tenant_id$/.test(paths[0]!))
    refuse(path, "a unique index begins with the tenant: two tenants may have the same name or id.");
  if (options.expireAfterSeconds !== undefined && (paths.length > 1 || paths[0] === "_id"))
    refuse(path, "only an index of one field, which is not _id, lets documents expire; any other is ignored.");
}

const languages =
  "arabic armenian basque bengali brazilian bulgarian catalan chinese cjk czech danish dutch english finnish french " +
  "galician german greek hindi hungarian indonesian irish italian japanese korean kuromoji latvian lithuanian " +
  "morfologik nori norwegian persian polish portuguese romanian russian smartcn sorani spanish swedish thai turkish " +
  "ukrainian";
const luceneAnalyzers: ReadonlySet<string> = new Set(
  `standard simple whitespace keyword ${languages}`.split(" ").map((name) => `lucene.${name}`),
);

const fieldOptions: Readonly<Record<string, readonly string[]>> = {
  string: ["analyzer", "searchAnalyzer", "indexOptions", "store", "ignoreAbove", "norms", "similarity", "multi"],
  token: ["normalizer"],
  number: ["representation", "indexIntegers", "indexDoubles"],
  date: [],
  boolean: [],
  objectId: [],
  uuid: [],
  geo: ["indexShapes"],
  document: ["dynamic", "fields"],
  vector: vectorOptions,
};

/** The rules for indexes of type `search`. */
export function checkSearchDefinition(definition: unknown): void {
  const body = bodyAt(definition, "definition");
  allow(
    body,
    ["analyzer", "searchAnalyzer", "mappings", "storedSource", "numPartitions", "analyzers", "synonyms"],
    "definition",
  );
  oneOf(body, "numPartitions", [1, 2, 4], "definition");
  const mappings = bodyAt(body["mappings"], "mappings");
  allow(mappings, ["dynamic", "fields"], "mappings");
  const fields = bodyAt(mappings["fields"] ?? {}, "mappings.fields");
  checkAnalyzers(body, "definition", ownAnalyzers(body));
  if (mappings["dynamic"] !== true && Object.keys(fields).length === 0) refuse("mappings", "nothing would be indexed.");
  const hasVector = checkFields(fields, "mappings.fields");
  checkStoredSource(body, hasVector);
}

const ownAnalyzers = (body: Body): readonly unknown[] =>
  Array.isArray(body["analyzers"]) ? (body["analyzers"] as readonly Body[]).map(({ name }) => name) : [];

/** In every part of the definition: mongot rejects an index that names an analyzer which nobody has. */
function checkAnalyzers(value: unknown, path: string, own: readonly unknown[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    const at = `${path}.${name}`;
    if (typeof part !== "string" || (name !== "analyzer" && name !== "searchAnalyzer")) checkAnalyzers(part, at, own);
    else if (!luceneAnalyzers.has(part) && !own.includes(part)) refuse(at, `there is no analyzer ${part}.`);
  }
}

/** @returns whether a vector is among them. */
function checkFields(fields: Body, path: string): boolean {
  return Object.entries(fields)
    .map(([name, value]) => {
      const at = `${path}.${name}`;
      if (name.includes("."))
        refuse(at, "a dotted key is accepted and indexes nothing; nest it in a field of type document.");
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      return list.map((one) => checkField(bodyAt(one, at), at)).some(Boolean);
    })
    .some(Boolean);
}

function checkField(field: Body, path: string): boolean {
  const type = String(field["type"]);
  const options = fieldOptions[type];
  if (options === undefined) return refuse(`${path}.type`, `${type} is not a type of field.`);
  allow(field, ["type", ...options], path);
  if (type === "document") return checkFields(bodyAt(field["fields"] ?? {}, `${path}.fields`), `${path}.fields`);
  if (type === "vector") checkVectorField(field, path, vectorOptions);
  oneOf(field, "indexOptions", ["docs", "freqs", "positions", "offsets"], path);
  oneOf(field, "norms", ["include", "omit"], path);
  oneOf(field, "normalizer", ["lowercase", "none"], path);
  return type === "vector";
}
