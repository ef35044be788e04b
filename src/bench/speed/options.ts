import { parseArgs } from "node:util";
import { candidateKinds, scenarios } from "./candidates.ts";

export type Suite = "search" | "ingest" | "install" | "mongodb" | "mongodb-graph" | "graph";
const suites: readonly Suite[] = ["search", "ingest", "install", "mongodb", "mongodb-graph", "graph"];

export interface SpeedOptions {
  readonly suites: readonly Suite[];
  readonly scenarios: readonly { readonly size: number; readonly names: readonly string[] }[];
  readonly queries: number;
  readonly rebuild: boolean;
}

export const usage = `npm run bench:speed -- [--suites search,ingest,install,mongodb,mongodb-graph,graph] [--sizes 20000,100000,500000]
  [--engines "hybridrag,lancedb hnsw_sq,…"] [--queries 200] [--rebuild]`;

/** @throws Error that says what is wrong. */
export function parseOptions(parameters: readonly string[]): SpeedOptions {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      suites: { type: "string", default: suites.join(",") },
      sizes: { type: "string", default: scenarios.map(({ size }) => size).join(",") },
      engines: { type: "string" },
      queries: { type: "string", default: "200" },
      rebuild: { type: "boolean", default: false },
    },
  });
  const engines = values.engines?.split(",");
  return {
    suites: values.suites.split(",").map((name) => {
      const suite = suites.find((one) => one === name);
      if (suite === undefined) throw new Error(`"${name}" is none of ${suites.join(", ")}.`);
      return suite;
    }),
    scenarios: values.sizes.split(",").map((text) => {
      const size = whole("--sizes", text);
      const names = scenarios.find((one) => one.size === size)?.names ?? candidateKinds.map(({ name }) => name);
      return { size, names: engines ?? names };
    }),
    queries: whole("--queries", values.queries),
    rebuild: values.rebuild,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 10)
    throw new Error(`${name} takes whole numbers of 10 and more, not "${text}".`);
  return value;
}
