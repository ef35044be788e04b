import { Binary, Decimal128, Long, ObjectId } from "bson";
import { notImplemented } from "./fault.ts";
import { asDoc, asNumber, isDoc, keyOf, type Doc } from "./value.ts";

type Check = (value: unknown) => boolean;

/** `$jsonSchema` as collection validators use it; a keyword that is not listed here is refused by name. */
const keywords: Readonly<Record<string, (operand: unknown) => Check>> = {
  bsonType: (operand) => {
    const types = Array.isArray(operand) ? operand.map(String) : [String(operand)];
    return (value) => types.some((type) => isType(value, type));
  },
  required: (operand) => (value) => !isDoc(value) || list(operand).every((name) => Object.hasOwn(value, String(name))),
  properties: (operand) => {
    const checks = Object.entries(asDoc(operand)).map(([name, schema]) => [name, compile(asDoc(schema))] as const);
    return (value) =>
      !isDoc(value) || checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value[name]));
  },
  items: (operand) => {
    const check = compile(asDoc(operand));
    return (value) => !Array.isArray(value) || value.every(check);
  },
  enum: (operand) => {
    const keys = new Set(list(operand).map(keyOf));
    return (value) => keys.has(keyOf(value));
  },
  minimum: (operand) => (value) => typeof value !== "number" || value >= asNumber(operand, -Infinity),
  maximum: (operand) => (value) => typeof value !== "number" || value <= asNumber(operand, Infinity),
  minLength: (operand) => (value) => typeof value !== "string" || [...value].length >= asNumber(operand, 0),
  maxLength: (operand) => (value) => typeof value !== "string" || [...value].length <= asNumber(operand, Infinity),
  minItems: (operand) => (value) => !Array.isArray(value) || value.length >= asNumber(operand, 0),
  maxItems: (operand) => (value) => !Array.isArray(value) || value.length <= asNumber(operand, Infinity),
  pattern: (operand) => {
    const pattern = new RegExp(String(operand), "u");
    return (value) => typeof value !== "string" || pattern.test(value);
  },
  anyOf: (operand) => {
    const checks = list(operand).map((schema) => compile(asDoc(schema)));
    return (value) => checks.some((check) => check(value));
  },
  title: () => () => true,
  description: () => () => true,
};

const list = (operand: unknown): readonly unknown[] => (Array.isArray(operand) ? operand : []);

function compile(schema: Doc): Check {
  const checks = Object.entries(schema).map(([keyword, operand]) => {
    const make = keywords[keyword];
    if (!make) throw notImplemented(`the schema keyword ${keyword}`);
    return make(operand);
  });
  return (value) => checks.every((check) => check(value));
}

function isType(value: unknown, type: string): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "null":
      return value === null;
    case "date":
      return value instanceof Date;
    case "object":
      return isDoc(value);
    case "array":
      return Array.isArray(value);
    case "objectId":
      return value instanceof ObjectId;
    case "binData":
      return value instanceof Binary;
    // The server's numbers arrive promoted, so an integral double cannot be told from an int.
    case "int":
      return Number.isInteger(value) && Math.abs(value as number) <= 2_147_483_648;
    case "long":
      return Number.isInteger(value) || Long.isLong(value);
    case "double":
    case "number":
      return typeof value === "number" || Long.isLong(value) || value instanceof Decimal128;
    default:
      throw notImplemented(`the bsonType ${type}`);
  }
}

export const schemaValidator = (schema: Doc): ((document: Doc) => boolean) => {
  const check = compile(schema);
  return (document) => check(document);
};
