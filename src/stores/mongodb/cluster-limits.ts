import type { SearchIndexSpec } from "./indexes.ts";

/** What shared clusters allow of search indexes (MongoDB's documentation, "Free and Flex limits"). */
const tiers = [
  { name: "a free cluster", indexes: 3 },
  { name: "a flex cluster", indexes: 10 },
] as const;
const maxDefinitionBytes = 3 * 1024;
const maxFields = 300;

/** What the definitions would run into on a free or flex cluster, named before anything is sent; none: they fit. */
export function limitsOfSharedClusters(
  specs: readonly SearchIndexSpec[],
  present: readonly string[],
): readonly string[] {
  const count = new Set([...present, ...specs.map((spec) => spec.name)]).size;
  const tooMany = tiers
    .filter((tier) => count > tier.indexes)
    .map((tier) => `${tier.name} has room for ${tier.indexes} search indexes, and there would be ${count}`);
  const tooLarge = specs.flatMap(({ name, definition }) => {
    const bytes = Buffer.byteLength(JSON.stringify(definition));
    const fields = countFields(definition);
    return [
      ...(bytes > maxDefinitionBytes
        ? [`the definition of ${name} has ${bytes} bytes; free and flex clusters take ${maxDefinitionBytes}`]
        : []),
      ...(fields > maxFields ? [`${name} has ${fields} fields; free and flex clusters take ${maxFields}`] : []),
    ];
  });
  return [...tooMany, ...tooLarge];
}

/** Every object that names a type is a field. */
function countFields(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + countFields(part), 0);
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value).reduce((sum: number, part) => sum + countFields(part), 0);
  return inner + (Object.hasOwn(value, "type") ? 1 : 0);
}
