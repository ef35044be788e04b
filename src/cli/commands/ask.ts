import { isAbsolute, relative } from "node:path";
import type { Command } from "commander";
import type { AnswerEvent } from "../../query/answer/answer-event.ts";
import { collectAnswer } from "../../query/answer/collect-answer.ts";
import type { Citation, Community, HopPath } from "../../records.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace } from "../workspace.ts";
import { pathInWords, printCommunities, requestOf, withQueryOptions, type QueryOptions } from "./search.ts";

export function addAsk(program: Command, shell: Shell): void {
  withQueryOptions(program.command("ask <question>"))
    .description("answer a question, with citations that were checked")
    .option("--session <id>", "remember the exchange in this conversation")
    .action(async (question: string, options: QueryOptions) => {
      const request = requestOf(question, options);
      const access = options.session === undefined ? "read" : "write";
      await inWorkspace({ ...options, access }, async ({ rag, scope }) => {
        const events = rag.ask(scope, request, { signal: shell.signal });
        if (options.json) shell.terminal.json(await collectAnswer(events));
        else await printAnswer(events, shell.terminal, { explain: options.explain === true });
      });
    });
}

/** Writes the answer as it comes, then its citations. */
export async function printAnswer(
  events: AsyncIterable<AnswerEvent>,
  terminal: Terminal,
  { explain = false } = {},
): Promise<void> {
  let communities: readonly Community[] = [];
  const paths = new Map<string, HopPath>();
  const citations: Citation[] = [];
  const warnings: string[] = [];
  for await (const event of events) {
    if (event.type === "sources") {
      communities = event.communities ?? [];
      for (const { chunk_id, path } of event.sources) if (path) paths.set(chunk_id, path);
    }
    if (event.type === "text-delta") terminal.write(event.text);
    if (event.type === "citation") citations.push(event.citation);
    if (event.type === "warning") warnings.push(event.warning.message);
  }
  terminal.line();
  if (citations.length > 0) terminal.line();
  for (const citation of citations) {
    terminal.line(citationLine(citation, terminal));
    const path = paths.get(citation.chunk_id);
    if (explain && path) terminal.line(terminal.dim(`    ${pathInWords(path)}`));
  }
  if (explain) printCommunities(communities, terminal);
  for (const message of warnings) terminal.note(`note: ${message}`);
}

/** A file below the working directory by its path from there, as people would write it. */
function nearPath(source: string): string {
  const path = isAbsolute(source) ? relative(process.cwd(), source) : source;
  return path === "" || path.startsWith("..") ? source : path;
}

function citationLine(citation: Citation, terminal: Terminal): string {
  const page = citation.page === null ? "" : `, page ${citation.page}`;
  const heading = citation.heading_path.length === 0 ? "" : ` · ${citation.heading_path.join(" › ")}`;
  const place = terminal.dim(`(${nearPath(citation.source)}, characters ${citation.start}–${citation.end})`);
  return `[${citation.marker}] ${citation.title || citation.source}${heading}${page} ${place}`;
}
