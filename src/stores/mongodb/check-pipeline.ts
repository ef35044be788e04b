import { HybridRAGError } from "../../errors.ts";

export type Body = Readonly<Record<string, unknown>>;

/** A pipeline that the server would refuse, or answer with silence, is an error before it leaves. */
export function refusePipeline(path: string, why: string): never {
  throw new HybridRAGError("invalid_input", `The search pipeline is wrong at ${path}: ${why}`, { details: { path } });
}

/** What an index holds, as the checks of queries need it. */
export interface IndexShape {
  readonly name: string;
  /** Path → types. A vector's type is `vector`. */
  readonly paths: ReadonlyMap<string, ReadonlySet<string>>;
  readonly dimensions: number;
  /** Where the vectors lie; "" in an index without. */
  readonly vectorPath: string;
}

/** The shape of a definition of either type. */
export function shapeOf(spec: {
  readonly name: string;
  readonly type: string;
  readonly definition: Readonly<Record<string, unknown>>;
}): IndexShape {
  const paths = new Map<string, Set<string>>();
  let dimensions = 0;
  let vectorPath = "";
  const add = (path: string, field: Body): void => {
    const types = paths.get(path) ?? new Set<string>();
    paths.set(path, types.add(String(field["type"])));
    if (field["type"] !== "vector") return;
    dimensions = Number(field["numDimensions"]);
    vectorPath = path;
  };
  if (spec.type === "vectorSearch") {
    for (const field of spec.definition["fields"] as readonly Body[]) add(String(field["path"]), field);
  } else {
    const mappings = spec.definition["mappings"] as Body;
    const walk = (fields: Body, prefix: string): void => {
      for (const [name, value] of Object.entries(fields)) {
        for (const field of (Array.isArray(value) ? value : [value]) as readonly Body[]) {
          if (field["type"] === "document") walk((field["fields"] ?? {}) as Body, `${prefix}${name}.`);
          else add(`${prefix}${name}`, field);
        }
      }
    };
    walk((mappings["fields"] ?? {}) as Body, "");
  }
  return { name: spec.name, paths, dimensions, vectorPath };
}

/**
 * The path is in the index with one of these types, by default any: else the server would find nothing and say nothing.
 */
export function requirePath(shape: IndexShape, path: string, types: readonly string[] | null, at: string): void {
  const known = shape.paths.get(path);
  if (known === undefined)
    refusePipeline(at, `${path} is not in the index ${shape.name}; the server would answer with nothing.`);
  if (types !== null && !types.some((type) => known.has(type)))
    refusePipeline(at, `${path} is indexed as ${[...known].join(", ")}, and ${types.join(" or ")} is needed.`);
}

export const isBody = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

export function allowKeys(body: Body, names: readonly string[], at: string): void {
  const stranger = Object.keys(body).find((name) => !names.includes(name));
  if (stranger !== undefined) refusePipeline(`${at}.${stranger}`, "there is no such option.");
}
