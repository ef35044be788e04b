import { ServerError, notImplemented } from "../fault.ts";
import { asDoc, asDocs, asNumber, asText, isDoc, type Doc } from "../value.ts";

export type FieldType =
  | "string"
  | "token"
  | "number"
  | "date"
  | "boolean"
  | "objectId"
  | "uuid"
  | "geo"
  | "vector"
  | "filter";

/** One field of an index: where documents have it, and how it is indexed. */
export interface MappedField {
  /** The names the indexer descends by; a dotted name is one name, which no document has. */
  readonly names: readonly string[];
  /** What queries call it: the names joined, which hides a dotted name. */
  readonly path: string;
  readonly multi: string | null;
  readonly type: FieldType;
  readonly options: Doc;
}

export interface Definition {
  readonly kind: "search" | "vectorSearch";
  readonly fields: readonly MappedField[];
  readonly storedSource: { readonly mode: "include" | "exclude"; readonly paths: readonly string[] } | null;
  readonly raw: Doc;
}

/** Reads a definition by mongot's rules; what it gets wrong is refused before anything is built. */
export function parseDefinition(kind: string, raw: Doc, vectorOperator: boolean): Definition {
  if (kind !== "search" && kind !== "vectorSearch") refuse("type", "must be search or vectorSearch");
  const fields = kind === "search" ? searchFields(raw, vectorOperator) : vectorFields(raw);
  return { kind: kind as Definition["kind"], fields, storedSource: storedSource(raw, fields), raw };
}

function refuse(path: string, message: string): never {
  throw new ServerError("BadValue", `"${path}" ${message}`);
}

function allow(body: Doc, names: readonly string[], path: string): void {
  const stranger = Object.keys(body).find((name) => !names.includes(name));
  if (stranger !== undefined) refuse(path === "" ? stranger : `${path}.${stranger}`, "unrecognized field");
}

function oneOf(value: unknown, choices: readonly unknown[], path: string): void {
  if (value !== undefined && !choices.includes(value)) refuse(path, `must be one of ${choices.join(", ")}`);
}

function within(value: unknown, low: number, high: number, path: string): void {
  const number = asNumber(value, Number.NaN);
  if (value !== undefined && !(number >= low && number <= high))
    refuse(path, `must be within bounds [${low}, ${high}]`);
}

function checkVector(body: Doc, path: string): void {
  if (body["numDimensions"] === undefined) refuse(`${path}.numDimensions`, "is required");
  within(body["numDimensions"], 1, 8192, `${path}.numDimensions`);
  if (body["similarity"] === undefined) refuse(`${path}.similarity`, "is required");
  oneOf(body["similarity"], ["cosine", "dotProduct", "euclidean"], `${path}.similarity`);
  oneOf(body["quantization"], ["none", "scalar", "binary"], `${path}.quantization`);
  oneOf(body["indexingMethod"], ["hnsw", "flat"], `${path}.indexingMethod`);
  if (body["quantization"] === "binary" && asNumber(body["numDimensions"], 0) % 8 !== 0)
    refuse(`${path}.numDimensions`, "must be a multiple of 8 for binary quantization");
  const hnsw = asDoc(body["hnswOptions"]);
  allow(hnsw, ["maxEdges", "numEdgeCandidates"], `${path}.hnswOptions`);
  within(hnsw["maxEdges"], 16, 64, `${path}.hnswOptions.maxEdges`);
  within(hnsw["numEdgeCandidates"], 100, 3200, `${path}.hnswOptions.numEdgeCandidates`);
}

const vectorOptions = ["type", "path", "numDimensions", "similarity", "quantization", "hnswOptions", "indexingMethod"];

function vectorFields(raw: Doc): readonly MappedField[] {
  allow(raw, ["fields", "storedSource", "numPartitions"], "");
  const list = asDocs(raw["fields"]);
  if (list.length === 0) refuse("fields", "is required");
  const fields = list.map((body, index): MappedField => {
    const at = `fields[${index}]`;
    const path = asText(body["path"]);
    if (path === "") refuse(`${at}.path`, "is required");
    const type = asText(body["type"]);
    if (type === "autoEmbed" || type === "text") throw notImplemented(`vector fields of type ${type}`);
    if (type === "filter") allow(body, ["type", "path"], at);
    else if (type === "vector") {
      allow(body, vectorOptions, at);
      checkVector(body, at);
    } else refuse(`${at}.type`, "must be vector or filter");
    return { names: path.split("."), path, multi: null, type: type as "vector", options: body };
  });
  if (!fields.some((field) => field.type === "vector")) refuse("fields", "must contain at least one vector field");
  if (new Set(fields.map((field) => field.path)).size < fields.length)
    refuse("fields", "cannot contain duplicate paths");
  return fields;
}

const fieldOptions: Readonly<Record<string, readonly string[]>> = {
  string: [
    "type",
    "analyzer",
    "searchAnalyzer",
    "indexOptions",
    "store",
    "ignoreAbove",
    "norms",
    "similarity",
    "multi",
  ],
  token: ["type", "normalizer"],
  number: ["type", "representation", "indexIntegers", "indexDoubles"],
  date: ["type"],
  boolean: ["type"],
  objectId: ["type"],
  uuid: ["type"],
  geo: ["type", "indexShapes"],
  document: ["type", "dynamic", "fields"],
  vector: vectorOptions.filter((name) => name !== "path"),
};

function searchFields(raw: Doc, vectorOperator: boolean): readonly MappedField[] {
  allow(raw, ["analyzer", "searchAnalyzer", "mappings", "storedSource", "numPartitions", "analyzers", "synonyms"], "");
  oneOf(raw["numPartitions"], [1, 2, 4], "numPartitions");
  for (const name of ["analyzers", "synonyms"]) {
    if (Array.isArray(raw[name]) && raw[name].length > 0) throw notImplemented(`${name} of a search index`);
  }
  const mappings = raw["mappings"];
  if (!isDoc(mappings)) return refuse("mappings", "is required");
  allow(mappings, ["dynamic", "fields"], "mappings");
  const defaults = {
    analyzer: asText(raw["analyzer"]) || "lucene.standard",
    searchAnalyzer: asText(raw["searchAnalyzer"]) || asText(raw["analyzer"]) || "lucene.standard",
  };
  const fields = nested(mappings, [], "mappings", defaults, vectorOperator);
  const clauses = fields.length;
  if (clauses === 0) refuse("mappings", "must map at least one field or be dynamic");
  return fields;
}

function nested(
  body: Doc,
  names: readonly string[],
  at: string,
  defaults: Doc,
  vectorOperator: boolean,
): readonly MappedField[] {
  if (body["dynamic"] !== undefined && body["dynamic"] !== false) throw notImplemented("dynamic mappings");
  return Object.entries(asDoc(body["fields"])).flatMap(([name, definitions]) => {
    const list = Array.isArray(definitions) ? definitions : [definitions];
    return list.flatMap((one) =>
      searchField(asDoc(one), [...names, name], `${at}.fields.${name}`, defaults, vectorOperator),
    );
  });
}

function searchField(
  body: Doc,
  names: readonly string[],
  at: string,
  defaults: Doc,
  vectorOperator: boolean,
): readonly MappedField[] {
  const type = asText(body["type"]);
  const options = fieldOptions[type];
  if (options === undefined) {
    if (["autocomplete", "embeddedDocuments", "knnVector", "stringFacet", "numberFacet", "dateFacet"].includes(type))
      throw notImplemented(`search fields of type ${type}`);
    return refuse(`${at}.type`, "is not a known field type");
  }
  allow(body, options, at);
  if (type === "document") return nested(body, names, at, defaults, vectorOperator);
  const made = {
    names,
    path: names.join("."),
    multi: null,
    type: type as FieldType,
    options: { ...defaults, ...body },
  };
  if (type === "vector") {
    if (!vectorOperator) refuse(`${at}.type`, "vector is not supported in search indexes by this server");
    checkVector(body, at);
  }
  if (type !== "string") return [made];
  checkString(body, at);
  if (body["analyzer"] !== undefined && body["searchAnalyzer"] === undefined)
    made.options = { ...made.options, searchAnalyzer: body["analyzer"] };
  const multis = Object.entries(asDoc(body["multi"])).map(([name, inner]): MappedField => {
    const sub = asDoc(inner);
    if (sub["type"] !== "string") refuse(`${at}.multi.${name}.type`, "must be string");
    checkString(sub, `${at}.multi.${name}`);
    const analyzer = sub["analyzer"] ?? defaults["analyzer"];
    return { ...made, multi: name, options: { analyzer, searchAnalyzer: sub["searchAnalyzer"] ?? analyzer } };
  });
  return [made, ...multis];
}

function checkString(body: Doc, at: string): void {
  oneOf(body["indexOptions"], ["docs", "freqs", "positions", "offsets"], `${at}.indexOptions`);
  oneOf(body["norms"], ["include", "omit"], `${at}.norms`);
  if (isDoc(body["similarity"]))
    oneOf(body["similarity"]["type"], ["bm25", "boolean", "stableTfl"], `${at}.similarity.type`);
}

function storedSource(raw: Doc, fields: readonly MappedField[]): Definition["storedSource"] {
  const value = raw["storedSource"];
  if (value === undefined || value === false) return null;
  const vectors = fields.filter((field) => field.type === "vector").map((field) => field.path);
  if (value === true) {
    if (vectors.length > 0) refuse("storedSource", "cannot be true when the index has a vector field");
    return { mode: "exclude", paths: [] };
  }
  const body = asDoc(value);
  allow(body, ["include", "exclude"], "storedSource");
  const mode = body["include"] === undefined ? "exclude" : "include";
  const list = body[mode];
  if (!Array.isArray(list)) return refuse(`storedSource.${mode}`, "must be a list of paths");
  const paths = list.map(asText);
  if (mode === "include" && vectors.some((path) => paths.includes(path)))
    refuse("storedSource.include", "must not contain a vector field");
  return { mode, paths };
}
