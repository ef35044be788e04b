import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import { entityPage, neighbourhood, type Neighbourhood } from "../../graph/entity-page.ts";
import { evidencePath, mostSteps, type EvidencePath } from "../../graph/evidence-path.ts";
import { exportFormats, exportGraph } from "../../graph/export-graph.ts";
import { parseFilter } from "../../filter/parse-filter.ts";
import type { LinkOfEntity } from "../../graph/links-of-entity.ts";
import { type CollectionThemes, mostThemes } from "../../query/collection-themes.ts";
import { addGraphEdits } from "./graph-edits.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace, parseFilters, type CommonOptions } from "../workspace.ts";
import { printCommunities } from "./search.ts";

interface NameOptions extends CommonOptions {
  readonly limit: number;
}

export function addGraph(program: Command, shell: Shell): void {
  const graph = program.command("graph").description("names, what joins them, and the sentences that say so");
  addShow(graph, shell);
  addNeighbors(graph, shell);
  addPath(graph, shell);
  addCommunities(graph, shell);
  addExport(graph, shell);
  addGraphEdits(graph, shell);
}

const limitOf = ({ limit }: NameOptions): number => {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  const details = { path: "/limit" };
  throw new HybridRAGError("invalid_input", "--limit is a whole number from 1 to 1000.", { details });
};

function addShow(graph: Command, { terminal, signal }: Shell): void {
  withCommonOptions(graph.command("show <name>"))
    .description("everything about one name: spellings, passages, what it is joined to")
    .option("--limit <number>", "how many neighbours, 1 to 1000", Number, 10)
    .action(async (name: string, options: NameOptions) => {
      const limit = limitOf(options);
      const page = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        entityPage(rag.store, scope, name, limit, { signal }),
      );
      if (options.json) return terminal.json(page);
      const { entity, passages, titled, evidence } = page;
      const type = entity.type === "unknown" ? [] : [entity.type];
      const size = [...type, `in ${counted(passages)}`, ...(titled > 0 ? [`the title of ${counted(titled)}`] : [])];
      terminal.line(`${terminal.bold(entity.name)}  ${terminal.dim(size.join(" · "))}`);
      printSenses(page, terminal);
      if (entity.aliases.length > 0) terminal.line(terminal.dim(`  also written ${entity.aliases.join(", ")}`));
      for (const { title, sentence } of evidence) {
        if (sentence) terminal.line(`  “${onOneLine(sentence)}” (${title})`);
      }
      printNeighbours(page, terminal);
    });
}

function addNeighbors(graph: Command, { terminal, signal }: Shell): void {
  withCommonOptions(graph.command("neighbors <name>"))
    .description("what a name is joined to, by statements, by links and by standing in the same passages")
    .option("--limit <number>", "how many, 1 to 1000", Number, 20)
    .action(async (name: string, options: NameOptions) => {
      const limit = limitOf(options);
      const found = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        neighbourhood(rag.store, scope, name, limit, { signal }),
      );
      if (options.json) return terminal.json(found);
      printSenses(found, terminal);
      printNeighbours(found, terminal);
    });
}

function printSenses({ senses }: Neighbourhood, terminal: Terminal): void {
  if (senses.length === 0) return;
  const each = senses.map(({ name, passages }) => `${name} · ${counted(passages)}`);
  terminal.line(terminal.dim(`  several of this name: ${each.join("; ")}`));
}

function printNeighbours({ relationships, together, links }: Neighbourhood, terminal: Terminal): void {
  for (const { source_entity, type, target_entity, description } of relationships) {
    terminal.line(`${source_entity} – ${type} – ${target_entity}`);
    if (description) terminal.line(terminal.dim(`  ${onOneLine(description)}`));
  }
  // A place of several passages is one place to a reader.
  for (const line of new Set(links.map((link) => linkInWords(link, terminal)))) terminal.line(line);
  for (const { name, passages } of together) {
    terminal.line(`${name}  ${terminal.dim(`in ${counted(passages)} with it`)}`);
  }
  if (relationships.length + together.length + links.length === 0) terminal.note("Nothing is joined to it.");
}

function linkInWords(
  { kind, address, title, source, heading_path, sentence }: LinkOfEntity,
  terminal: Terminal,
): string {
  const place = [title || source, ...heading_path.slice(-1).filter((heading) => heading !== title)].join(" · ");
  const line = `→ ${place}  ${terminal.dim(`${kind} to ${address}`)}`;
  return sentence === "" ? line : `${line}\n${terminal.dim(`  ${onOneLine(sentence)}`)}`;
}

const onOneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

const counted = (passages: number): string => `${passages} ${passages === 1 ? "passage" : "passages"}`;

interface PathOptions extends CommonOptions {
  readonly steps: number;
}

function addPath(graph: Command, shell: Shell): void {
  const { terminal, signal } = shell;
  withCommonOptions(graph.command("path <from> <to>"))
    .description("the fewest passages that lead from one name to another, with their sentences")
    .option("--steps <number>", `how many passages at most, 1 to ${mostSteps}`, Number, mostSteps)
    .action(async (from: string, to: string, options: PathOptions) => {
      if (!Number.isInteger(options.steps) || options.steps < 1 || options.steps > mostSteps) {
        const details = { path: "/steps" };
        throw new HybridRAGError("invalid_input", `--steps is a whole number from 1 to ${mostSteps}.`, { details });
      }
      const path = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        evidencePath(rag.store, scope, { from, to, maxSteps: options.steps }, { signal }),
      );
      if (!path.found) shell.exitCode = 1;
      if (options.json) return terminal.json(path);
      printPath(path, terminal);
    });
}

function printPath({ from, to, from_name, to_name, found, steps }: EvidencePath, terminal: Terminal): void {
  for (const step of steps) {
    const how = step.link === null ? "" : `${step.link.kind} to ${step.link.address}, `;
    terminal.line(`${step.from_name} – ${step.to_name}  ${terminal.dim(`${how}${step.title || step.source}`)}`);
    if (step.sentence) terminal.line(`  “${onOneLine(step.sentence)}”`);
  }
  if (found && from === to) terminal.note(`Both are ${to_name}.`);
  if (found) return;
  const closest = steps.at(-1)?.to_name;
  const reached =
    closest === undefined ? "nothing else was reached" : `the closest name that was reached is ${closest}`;
  terminal.note(`No path leads from ${from_name} to ${to_name}; ${reached}.`);
}

interface CommunitiesOptions extends CommonOptions {
  readonly limit: number;
  readonly filters?: string;
}

function addCommunities(graph: Command, { terminal, signal }: Shell): void {
  withCommonOptions(graph.command("communities"))
    .description("what the documents are about: names that belong together, with the sentences that say most")
    .option("--limit <number>", `how many, 1 to ${mostThemes}`, Number, 10)
    .option("--filters <json>", 'of some documents only: conditions such as {"metadata.category": "report"}')
    .action(async ({ limit, filters, ...options }: CommunitiesOptions) => {
      if (!Number.isInteger(limit) || limit < 1 || limit > mostThemes) {
        const details = { path: "/limit" };
        throw new HybridRAGError("invalid_input", `--limit is a whole number from 1 to ${mostThemes}.`, { details });
      }
      const filter = parseFilter(parseFilters(filters), "/filters");
      const { usage: _, ...found } = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        rag.themes(scope, { limit, filter, signal }),
      );
      if (options.json) return terminal.json(found);
      for (const warning of found.warnings) terminal.note(`note: ${warning.message}`);
      printCommunities(found.communities, terminal);
      terminal.note(sizeOf(found));
    });
}

const sizeOf = ({ communities, count, passages, alone }: Omit<CollectionThemes, "usage">): string =>
  count === 0
    ? "No names join the passages."
    : `${communities.length} of ${count} communities; ${alone} of ${passages} passages share no name with any other.`;

interface ExportOptions extends CommonOptions {
  readonly format: string;
}

function addExport(graph: Command, { terminal, signal }: Shell): void {
  withCommonOptions(graph.command("export"))
    .description("writes the whole graph to stdout")
    .option("--format <format>", exportFormats.join(" or "), "graphml")
    .action(async (options: ExportOptions) => {
      const format = options.json ? "json" : exportFormats.find((one) => one === options.format);
      if (!format) {
        const details = { path: "/format" };
        throw new HybridRAGError("invalid_input", `--format is ${exportFormats.join(" or ")}.`, { details });
      }
      await inWorkspace({ ...options, access: "read" }, async ({ rag, scope }) => {
        for await (const piece of exportGraph(rag.store.graph, scope, format, { signal })) terminal.write(piece);
      });
    });
}
