type Schema = Readonly<Record<string, unknown>>;

/**
 * A value that the schema admits, made from `text` by simple rules: lists of named things and of searches hold the
 * capitalised names of the text, a question is its last line, other strings its first sentence. Enough to prove the
 * way of a structured answer from end to end.
 */
export function valueFor(schema: Schema, text: string): unknown {
  return build(schema, { text, names: properNames(text), at: 0, root: schema }, "");
}

interface Material {
  readonly text: string;
  readonly names: readonly string[];
  readonly at: number;
  readonly root: Schema;
}

function build(schema: Schema, material: Material, key: string): unknown {
  if ("const" in schema) return schema["const"];
  const choices = schema["enum"];
  if (Array.isArray(choices)) return choices[0];
  const union = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(union)) return build(union[0] as Schema, material, key);
  if (typeof schema["$ref"] === "string") return build(resolve(schema["$ref"], material.root), material, key);
  const type = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  if (type === "object") return object(schema, material);
  if (type === "array") return list(schema, material, key);
  if (type === "number" || type === "integer") return /number|index/.test(key) ? material.at + 1 : 1;
  if (type === "boolean") return false;
  if (type === "null") return null;
  return words(key, material);
}

function object(schema: Schema, material: Material): Record<string, unknown> {
  const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, build(value, material, key)]));
}

function list(schema: Schema, material: Material, key: string): unknown[] {
  const items = (schema["items"] ?? { type: "string" }) as Schema;
  const pairs = /source|from/.test(Object.keys((items["properties"] ?? {}) as object).join(" "));
  const count = Math.min(4, Math.max(pairs ? material.names.length - 1 : material.names.length, 0));
  return Array.from({ length: count }, (_, at) => build(items, { ...material, at }, key));
}

function words(key: string, material: Material): string {
  if (key === "question") return material.text.trim().split("\n").at(-1) ?? "";
  if (/target|object|to_/.test(key)) return material.names[material.at + 1] ?? material.names[0] ?? "";
  if (/name|source|subject|from_|entity|search/.test(key)) return material.names[material.at] ?? "";
  return (
    material.text
      .trim()
      .split(/(?<=[.!?])\s/)[0]
      ?.slice(0, 400) ?? ""
  );
}

function resolve(reference: string, root: Schema): Schema {
  let here: unknown = root;
  for (const step of reference.replace(/^#\//, "").split("/")) here = (here as Record<string, unknown>)[step];
  return here as Schema;
}

const properNames = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/(?<![.!?]\s|^)\p{Lu}[\p{L}\p{N}-]+(?:\s\p{Lu}[\p{L}\p{N}-]+)*/gmu)].map(([name]) => name),
  ),
];

/** Why structured outputs refuse this schema, or null: closed objects only, no bounds, no recursion. */
export function schemaFault(schema: unknown, path = "schema"): string | null {
  if (typeof schema !== "object" || schema === null) return null;
  if (Array.isArray(schema))
    return firstFault(
      schema.map((part, i) => [String(i), part]),
      path,
    );
  const record = schema as Record<string, unknown>;
  if (record["type"] === "object" && record["additionalProperties"] !== false)
    return `${path}: For 'object' type, 'additionalProperties' must be explicitly set to false`;
  for (const bound of ["minimum", "maximum", "minLength", "maxLength", "multipleOf", "maxItems"])
    if (bound in record && typeof record[bound] === "number")
      return `${path}: For '${String(record["type"])}' type, property '${bound}' is not supported`;
  if (record["$ref"] === "#") return `${path}: recursive schemas are not supported`;
  return firstFault(Object.entries(record), path);
}

function firstFault(entries: readonly (readonly [string, unknown])[], path: string): string | null {
  for (const [key, value] of entries) {
    const fault = schemaFault(value, `${path}.${key}`);
    if (fault !== null) return fault;
  }
  return null;
}
