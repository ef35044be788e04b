type Body = Readonly<Record<string, unknown>>;
type Fields = ReadonlyMap<string, Body>;

/** What one definition of a search index has otherwise than another, in words; empty where both mean the same. */
export function definitionDifference(before: Body, after: Body): readonly string[] {
  const [old, made] = [fieldsOf(before), fieldsOf(after)];
  const added = [...made]
    .filter(([name]) => !old.has(name))
    .map(([name, { type }]) => `adds ${name} as ${String(type)}`);
  const removed = [...old.keys()].filter((name) => !made.has(name)).map((name) => `removes ${name}`);
  const changed = [...made].flatMap(([name, field]) => changesOf(name, old.get(name) ?? field, field));
  return [...added, ...removed, ...changed, ...changesOf("", restOf(before), restOf(after))];
}

function changesOf(name: string, before: Body, after: Body): readonly string[] {
  const options = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return options
    .filter((option) => written(before[option]) !== written(after[option]))
    .map((option) => {
      const path = name === "" ? option : `${option} of ${name}`;
      return `${path}: ${written(before[option])} → ${written(after[option])}`;
    });
}

const written = (value: unknown): string =>
  value === undefined ? "not set" : typeof value === "string" ? value : JSON.stringify(sortedKeys(value));

function sortedKeys(value: unknown): unknown {
  if (!isBody(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const isBody = (value: unknown): value is Body => typeof value === "object" && value !== null && !Array.isArray(value);

/** Of a vector index a list, of a text index a tree; both as paths. */
function fieldsOf(definition: Body): Fields {
  const listed: unknown = definition["fields"];
  if (Array.isArray(listed))
    return new Map(listed.filter(isBody).map(({ path, ...field }) => [String(path), field] as const));
  return new Map(isBody(definition["mappings"]) ? nested(definition["mappings"], "") : []);
}

function nested(field: Body, above: string): readonly (readonly [string, Body])[] {
  const inner = field["fields"];
  if (!isBody(inner)) return [];
  return Object.entries(inner)
    .filter((entry): entry is [string, Body] => isBody(entry[1]))
    .flatMap(([name, { fields, ...own }]) => {
      const path = above === "" ? name : `${above}.${name}`;
      return [[path, own] as const, ...nested({ fields }, path)];
    });
}

/** What is said of the index and not of a field. */
function restOf({ fields: _fields, mappings, ...rest }: Body): Body {
  if (!isBody(mappings)) return rest;
  const { fields: _inner, ...said } = mappings;
  return { ...rest, ...said };
}
