import type { JsonSchema } from "../ports/language-model.ts";

/** Bounds that structured outputs do not take; they move into the description, where the model still reads them. */
const bounds = new Set([
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "uniqueItems",
]);

/**
 * A schema as structured outputs want it: every object closed, all its properties required, no bounds. What comes
 * back must be checked against the original.
 */
export function closedSchema(schema: JsonSchema): JsonSchema {
  return close(schema) as JsonSchema;
}

function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const { $schema: _, ...schema } = value as Record<string, unknown>;
  const closed: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const [key, entry] of Object.entries(schema)) {
    if (bounds.has(key) && typeof entry !== "object") notes.push(`${key} ${String(entry)}`);
    else closed[key] = key === "properties" || key === "$defs" ? closeEach(entry) : close(entry);
  }
  if (notes.length > 0) closed["description"] = [closed["description"], notes.join(", ")].filter(Boolean).join("; ");
  if (schema["type"] === "object" && typeof schema["properties"] === "object" && schema["properties"] !== null) {
    closed["additionalProperties"] = false;
    closed["required"] = Object.keys(schema["properties"]);
  }
  return closed;
}

const closeEach = (properties: unknown): unknown =>
  Object.fromEntries(
    Object.entries(properties as Record<string, unknown>).map(([name, schema]) => [name, close(schema)]),
  );
