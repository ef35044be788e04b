import { parseArgs } from "node:util";
import { modes as allModes, type Mode } from "../../query/query-request.ts";
import { collectionKinds, type CollectionKind } from "./collections.ts";

export interface QualityOptions {
  readonly kinds: readonly CollectionKind[];
  readonly modes: readonly Mode[];
  /** Leaves out what takes long beside the collections: the chunkers. */
  readonly quick: boolean;
  readonly check: boolean;
  readonly raise: boolean;
}

export const usage = `npm run bench:quality -- [--sets cranfield,cacm] [--modes vector,text,hybrid,mix] [--quick] [--check] [--raise]
  --check  exit 3 when a figure falls below its floor in bench/floors.json
  --raise  write the figures of this run that are better as the new floors`;

/** @throws Error that names what is no set or mode. */
export function parseOptions(parameters: readonly string[]): QualityOptions {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      sets: { type: "string" },
      modes: { type: "string", default: "vector,text,hybrid,mix" },
      quick: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      raise: { type: "boolean", default: false },
    },
  });
  const named = values.sets?.split(",").map((name) => oneOf(collectionKinds, ({ name: known }) => known, name));
  return {
    ...values,
    kinds: named ?? collectionKinds.filter(({ quick }) => quick || !values.quick),
    modes: values.modes.split(",").map((name) => oneOf(allModes, (mode) => mode, name)),
  };
}

function oneOf<T>(items: readonly T[], nameOf: (item: T) => string, wanted: string): T {
  const found = items.find((item) => nameOf(item) === wanted.trim());
  if (found === undefined) throw new Error(`"${wanted}" is none of ${items.map(nameOf).join(", ")}.`);
  return found;
}
