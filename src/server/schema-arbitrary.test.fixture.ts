import fc from "fast-check";

/** The part of JSON Schema that the description of the service uses. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/** Values that a schema admits. Long ones are rare: size limits are tested where they are set. */
export function admitted(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(admitted));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  switch (schema.type) {
    case "string":
      return admittedText(schema);
    case "integer":
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) });
    case "number":
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(admitted(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, Math.max(4, schema.minItems ?? 0)),
      });
    case "object":
      return admittedObject(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

const words = ["puffin", "tide", "storm", "Brona", "2024", "café", "日本語", "a", "Where is it?", "\n", "🦆"];

function admittedText({ pattern, format, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  if (format === "date-time")
    return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, "u"));
  const phrase = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }).map((some) => some.join(" "));
  const any = fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: "grapheme" });
  return fc.oneof({ weight: 3, arbitrary: phrase }, { weight: 1, arbitrary: any });
}

function admittedObject({ properties = {}, required = [], additionalProperties }: JsonSchema): fc.Arbitrary<object> {
  const known = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, admitted(schema)]));
  const object = fc.record(known, { requiredKeys: [...required] });
  if (additionalProperties === undefined || additionalProperties === false) return object;
  const value = admitted(additionalProperties === true ? {} : additionalProperties);
  const more = fc.dictionary(fc.string({ maxLength: 10 }), value, { maxKeys: 2 });
  return fc.tuple(object, more).map(([some, others]) => ({ ...others, ...some }));
}

const strangeTexts = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "$where",
  "%00",
  "x".repeat(10_001),
  "' OR 1=1 --",
  "9".repeat(400),
];

/** What nobody should send: wrong types, strange texts, keys with powers, numbers off the edge. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...strangeTexts),
  fc.constantFrom<unknown>(null, true, 0, -1, 1e308, 1.5, 2 ** 53, [], {}, [[]], [null]),
  fc.constantFrom<unknown>(
    { $where: "sleep(1000)" },
    { $or: [{ $where: "1" }] },
    { "metadata.a": { $regex: "(a+)+$" } },
    { "metadata.tenant_id": "other" },
    { "metadata.location": { $near: { lat: 999, lon: 0 } } },
    { constructor: { prototype: { polluted: true } } },
  ),
  fc.jsonValue({ maxDepth: 4 }),
);

/** The value with one field of it, at any depth, replaced. */
export const broken = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(value, hostile, fc.nat(), fc.nat())
    .map(([whole, bad, which, depth]) => replaced(whole, bad, which, depth % 3));

function replaced(value: unknown, bad: unknown, which: number, depth: number): unknown {
  if (typeof value !== "object" || value === null) return bad;
  if (Array.isArray(value)) {
    if (value.length === 0) return [bad];
    const at = which % value.length;
    return value.with(at, depth === 0 ? bad : replaced(value[at], bad, which + 1, depth - 1));
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return { stranger: bad };
  const key = keys[which % keys.length]!;
  const inner = (value as Record<string, unknown>)[key];
  return { ...value, [key]: depth === 0 ? bad : replaced(inner, bad, which + 1, depth - 1) };
}
