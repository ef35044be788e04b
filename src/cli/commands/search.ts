import type { Command } from "commander";
import type { SearchResponse } from "../../query/search.ts";
import type { Community, HopPath } from "../../records.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace, parseFilters, type CommonOptions } from "../workspace.ts";

export interface QueryOptions extends CommonOptions {
  readonly mode?: string;
  readonly topK?: number;
  readonly filters?: string;
  readonly explain?: boolean;
  readonly session?: string;
}

export const withQueryOptions = (command: Command): Command =>
  withCommonOptions(command)
    .option("--mode <mode>", "vector, text, hybrid, local, global, mix or bypass (default: mix)")
    .option("--top-k <number>", "results, 1 to 100 (default: 10)", Number)
    .option("--filters <json>", 'conditions such as {"metadata.category": "report"}')
    .option("--explain", "what each leg gave, and the plan");

/** The request as it would stand in an HTTP body, so that one schema checks both. */
export const requestOf = (query: string, options: QueryOptions): Record<string, unknown> => ({
  query,
  ...(options.mode === undefined ? {} : { mode: options.mode }),
  ...(options.topK === undefined ? {} : { top_k: options.topK }),
  ...(options.filters === undefined ? {} : { filters: parseFilters(options.filters) }),
  ...(options.explain ? { explain: true } : {}),
  ...(options.session === undefined ? {} : { session_id: options.session }),
});

export function addSearch(program: Command, shell: Shell): void {
  withQueryOptions(program.command("search <query>"))
    .description('find passages; those that hold what is in "quotation marks" word for word come first')
    .action(async (query: string, options: QueryOptions) => {
      const request = requestOf(query, options);
      const found = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        rag.search(scope, request, { signal: shell.signal }),
      );
      if (options.json) shell.terminal.json(found);
      else printResults(found, shell.terminal);
    });
}

const previewLength = 280;

function printResults(found: SearchResponse, terminal: Terminal): void {
  for (const warning of found.warnings) terminal.note(`note: ${warning.message}`);
  if (found.results.length === 0) terminal.line("Nothing was found.");
  for (const hit of found.results) printHit(hit, terminal);
  printCommunities(found.communities ?? [], terminal);
  if (found.plan) terminal.line(`\n${JSON.stringify(found.plan, null, 2)}`);
  terminal.note(terminal.dim(`${found.mode}, ${Math.round(found.timings_ms.total)} ms`));
}

/** What each is about, with the places of the sentences. */
export function printCommunities(communities: readonly Community[], terminal: Terminal): void {
  for (const { names, passages, summary, quotes, relations, parts = [] } of communities) {
    const size = `${passages} ${passages === 1 ? "passage" : "passages"}`;
    terminal.line(terminal.bold(`\nCommunity: ${names.slice(0, 5).join(", ")} · ${size}`));
    for (const part of parts)
      terminal.line(terminal.dim(`   with ${part.names.slice(0, 3).join(", ")} · ${part.passages} passages`));
    terminal.line(`   ${summary}`);
    for (const { source_entity, type, target_entity } of relations)
      terminal.line(terminal.dim(`   ${source_entity} – ${type} – ${target_entity}`));
    for (const { source, start, end } of quotes)
      terminal.line(terminal.dim(`   ${source}, characters ${start}–${end}`));
  }
}

function printHit(hit: SearchResponse["results"][number], terminal: Terminal): void {
  const page = hit.span.page === null ? [] : [`page ${hit.span.page}`];
  const place = [hit.title || hit.source, ...hit.heading_path.slice(-1), ...page];
  const flat = hit.content.replaceAll(/\s+/g, " ");
  const legs = Object.entries(hit.legs)
    .filter((entry): entry is [string, number] => entry[1] !== null)
    .map(([leg, score]) => `${leg} ${score.toFixed(3)}`);
  terminal.line(terminal.bold(`${hit.rank}. ${place.join(" · ")}`));
  terminal.line(`   ${flat.length > previewLength ? `${flat.slice(0, previewLength)}…` : flat}`);
  terminal.line(terminal.dim(`   ${hit.source} · score ${hit.score.toFixed(3)} (${legs.join(", ")})`));
  if (hit.path) terminal.line(terminal.dim(`   ${pathInWords(hit.path)}`));
}

/** How links brought a passage in. */
export function pathInWords({ from_title, entity, link, sentence }: HopPath): string {
  const told = sentence === "" ? "" : `: ${sentence.replaceAll(/\s+/g, " ")}`;
  if (link === "mention") return `mentions “${entity}”${told}`;
  if (link === "community") return `of the community of “${entity}”${told}`;
  return `reached from “${from_title}” over “${entity}” (${link})${told}`;
}
