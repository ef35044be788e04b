import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

/**
 * Who may import whom: imports point inward. A name is a folder of `src/` or a file in it without its ending; below
 * `stores` and `providers` each adapter is its own. Change it on purpose, and say why in the commit.
 */
const inner = ["records", "errors", "scope", "filter", "edits", "text", "pace", "secret", "redact"];
const steps = ["ingest", "query", "memory", "graph", "evaluate"];
const library = ["hybridrag", "estimate-cost", "config", "wrap", ...steps, "ports", ...inner];

const mayImport: Readonly<Record<string, readonly string[]>> = {
  records: [],
  errors: [],
  secret: [],
  redact: ["secret"],
  scope: ["records"],
  filter: ["errors", "records"],
  /** What the graph says after people edited it: like filters, one meaning that every engine is tested against. */
  edits: ["text", "errors", "records", "scope", "filter"],
  text: ["records", "errors"],
  /** How much at once, and for how long without a pause: long work of any step. */
  pace: [],
  ports: inner,

  ingest: ["ports", ...inner],
  graph: ["walk", "ports", ...inner],
  query: ["graph", "walk", "ports", ...inner],
  memory: ["query", "ports", ...inner],
  /** Moves a tenant between stores: it knows their ports and no engine. */
  archive: ["ports", ...inner],
  evaluate: ["query", "ingest", "ports", ...inner],
  hybridrag: ["estimate-cost", ...steps, "wrap", "ports", ...inner],
  "estimate-cost": ["ingest", "wrap", "ports", ...inner],

  /** What is followed over a graph, without waiting: the same beside it and over a network. */
  walk: ["ports", ...inner],

  "stores/*": ["walk", "ports", ...inner],
  "providers/*": ["providers", "ports", ...inner],
  /** What adapters of providers share: HTTP, failures, prompts. */
  providers: ["ports", ...inner],
  wrap: ["ports", ...inner],
  /** Fetches web pages to ingest. */
  pages: ["ports", ...inner],

  config: inner,
  /** Where secrets come from: environment, files, managers of clouds. */
  secrets: inner,
  /** The subpath `hybridrag/models`. */
  models: ["providers/*", "providers", "secrets", "wrap", "ports", ...inner],
  /** The part of `open` that turns settings into models and what stands around them. */
  "open-models": ["providers/*", "providers", "secrets", ...library],
  "open-secrets": ["secrets", ...library],
  "open-store": ["stores/*", ...library],
  open: [
    "pages",
    "open-store",
    "stores/*",
    "providers/*",
    "secrets",
    "open-models",
    "open-secrets",
    "observe",
    ...library,
  ],
  /** What makes an index anew: it opens a store and an embedder for themselves. */
  "open-reembed": ["open", "open-store", "stores/*", ...library],
  /** The subpath `hybridrag/mongodb`. */
  mongodb: ["stores/*"],
  index: ["archive", "open", ...library],
  /** The production checklist, as checks that run. */
  doctor: ["open", "open-models", "open-secrets", "open-store", "stores/*", "secrets", ...library],

  observe: ["hybridrag", "ports", ...inner],
  server: ["open", "observe", ...library],
  /** Types of requests and answers; at run time it loads nothing but the errors. */
  client: ["query", "graph", "ingest", "memory", "ports", ...inner],
  web: ["client", "ports", ...inner],
  cli: [
    "archive",
    "doctor",
    "server",
    "client",
    "secrets",
    "open-secrets",
    "open-store",
    "open-reembed",
    "open",
    "observe",
    ...library,
  ],
  documentation: ["cli", "server", "secrets", "open", "observe", ...library],
};

/** These look at everything, and no product code looks at them. */
const outside = new Set(["testing", "bench"]);

const root = fileURLToPath(new URL("../src/", import.meta.url));

interface SourceFile {
  readonly path: string;
  readonly area: string;
  readonly isTest: boolean;
  readonly lines: readonly string[];
}

const sources: readonly SourceFile[] = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"))
  .map((path) => ({
    path,
    area: areaOf(path),
    isTest: /\.test\.([a-z]+\.)?tsx?$/.test(path),
    lines: readFileSync(join(root, path), "utf8").split("\n"),
  }));

function areaOf(path: string): string {
  const [first = "", ...rest] = path.replace(/(\.test)?\.[a-z.]+$/, "").split("/");
  const isAdapter = (first === "stores" || first === "providers") && rest.length > 1;
  return isAdapter ? `${first}/${rest[0]}` : first;
}

interface Import {
  readonly from: SourceFile;
  readonly line: number;
  readonly to: string;
}

/** Static and dynamic imports, re-exports, and files started as workers. */
const specifier = /(?:\bfrom\s+|\bimport\s*\(?\s*|\bnew URL\(\s*)"(\.[^"]+)"/g;

const imports: readonly Import[] = sources.flatMap((from) =>
  from.lines.flatMap((text, index) =>
    [...text.matchAll(specifier)].map((match) => ({
      from,
      line: index + 1,
      to: relative(root, resolve(root, dirname(from.path), match[1]!)).replaceAll("\\", "/"),
    })),
  ),
);

const product = sources.filter(({ isTest, area }) => !isTest && !outside.has(area));

const rowOf = (area: string): string => (area in mayImport ? area : area.replace(/\/.*/, "/*"));

function isAllowed({ from, to }: Import): boolean {
  const target = areaOf(to);
  if (from.area === target || to.startsWith("..")) return true;
  return (mayImport[rowOf(from.area)] ?? []).includes(rowOf(target));
}

/** Lines of product code that hold something, comments left out. */
const linesWith = (pattern: RegExp, files: readonly SourceFile[]): readonly string[] =>
  files.flatMap(({ path, lines }) =>
    lines.flatMap((text, index) =>
      pattern.test(text) && !/^\s*(\/\/|\/?\*)/.test(text) ? [`src/${path}:${index + 1}  ${text.trim()}`] : [],
    ),
  );

describe("the architecture", () => {
  test("every folder has a row in the table of who may import whom", () => {
    const unknown = new Set(product.map(({ area }) => area).filter((area) => !(rowOf(area) in mayImport)));
    assert.deepEqual([...unknown], []);
    assert.ok(imports.length > 100, "the imports are not being read");
  });

  test("imports point inward", () => {
    const wrong = imports
      .filter((one) => product.includes(one.from) && !isAllowed(one))
      .map(({ from, line, to }) => `src/${from.path}:${line} may not import src/${to}`);
    assert.deepEqual(wrong, []);
  });

  test("the table has no circle", () => {
    const visit = (row: string, path: readonly string[]): void => {
      assert.ok(!path.includes(row), [...path, row].join(" → "));
      for (const next of mayImport[row] ?? []) visit(next, [...path, row]);
    };
    for (const row of Object.keys(mayImport)) visit(row, []);
  });

  test("only config reads the environment", () => {
    const others = product.filter(({ area }) => area !== "config");
    assert.deepEqual(linesWith(/\bprocess\.env\b/, others), []);
  });

  test("only the command line writes to the console", () => {
    const others = product.filter(({ area }) => area !== "cli");
    assert.deepEqual(linesWith(/\bconsole\.\w+\(|\bprocess\.std(out|err)\b/, others), []);
  });

  test("exports have names", () => {
    assert.deepEqual(linesWith(/^export default\b|\bas default\b/, sources), []);
  });

  test("files hold one idea each: none is long", (t) => {
    for (const { path, lines } of sources) {
      if (lines.length > 300) t.diagnostic(`src/${path} has ${lines.length} lines: usually two ideas`);
    }
    const long = sources.filter(({ lines }) => lines.length > 400).map(({ path }) => path);
    assert.deepEqual(long, []);
  });
});
