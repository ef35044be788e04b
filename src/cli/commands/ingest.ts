import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import type { HybridRAG, IngestEstimate } from "../../hybridrag.ts";
import type { FileResult, IngestEvent, IngestProgress, IngestSummary } from "../../ingest/ingest-events.ts";
import type { BulkProgress } from "../../ports/bulk-objects.ts";
import { parseMetadata } from "../../ingest/metadata.ts";
import type { IngestSource } from "../../ingest/sources.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace, type CommonOptions } from "../workspace.ts";

interface IngestOptions extends CommonOptions {
  readonly metadata?: string;
  readonly prune?: boolean;
  readonly estimate?: boolean;
  readonly title?: string;
  readonly wait?: boolean;
  /** Absent: as the settings say. */
  readonly batch?: boolean;
}

/** How long `--wait` waits for search. */
const searchableMs = 10 * 60 * 1000;

export function addIngest(program: Command, shell: Shell): void {
  withCommonOptions(program.command("ingest <path...>"))
    .description("read files, folders, globs, web addresses or - (standard input); unchanged ones cost nothing")
    .option("--metadata <json>", 'metadata for every document, such as {"category": "report"}')
    .option("--title <title>", "title of what comes from standard input; each title is a document")
    .option("--prune", "delete documents whose files have vanished from an ingested folder")
    .option("--wait", "return only once search shows what was written (MongoDB's search follows with a delay)")
    .option(
      "--batch",
      "have a language model read in batches, at half the price and within a day, however little it is",
    )
    .option("--no-batch", "have it read at once, however much it is")
    .option("--estimate", "say what it would take, in tokens and money, and do nothing")
    .action(async (paths: readonly string[], options: IngestOptions) => {
      const metadata = parseMetadata(parseJson(options.metadata));
      const sources = await Promise.all(paths.map((path) => sourceOf(path, options.title)));
      const batches = options.batch === undefined ? {} : ({ batches: options.batch ? "always" : "never" } as const);
      const run = { cwd: process.cwd(), metadata, prune: options.prune === true, signal: shell.signal };
      const ingestOptions = { ...run, ...batches };
      if (options.estimate) {
        const estimate = await inWorkspace({ ...options, access: "write" }, ({ rag, scope }) => {
          tellNotices(rag, shell);
          return rag.estimate(scope, sources, ingestOptions);
        });
        if (options.json) shell.terminal.json(estimate);
        else shell.terminal.line(estimateLine(estimate));
        return;
      }
      const { files, vanished, summary } = await inWorkspace(
        { ...options, access: "write" },
        async ({ rag, scope }) => {
          tellNotices(rag, shell);
          const report = await watch(rag.ingest(scope, sources, ingestOptions), shell.terminal);
          if (options.wait) await rag.settle({ timeoutMs: searchableMs, signal: shell.signal });
          return report;
        },
      );
      const { documents, chunks, unread_passages, seconds } = summary;
      if (options.json) shell.terminal.json({ files, vanished, documents, chunks, unread_passages, seconds });
      else shell.terminal.line(summaryLine(summary));
      if (summary.outcomes.refused + summary.outcomes.failed > 0) shell.exitCode = 1;
    });
}

/** What holds for every call, such as a model that ends soon. */
function tellNotices({ notices }: Pick<HybridRAG, "notices">, { terminal }: Shell): void {
  for (const { message } of notices) terminal.note(`note: ${message}`);
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    const message = '--metadata is no JSON; an example is \'{"category": "report"}\'.';
    throw new HybridRAGError("invalid_input", message, { details: { path: "/metadata" } });
  }
}

async function sourceOf(path: string, title: string | undefined): Promise<IngestSource> {
  if (path !== "-") return path;
  const bytes = await buffer(process.stdin);
  return title === undefined ? { source: "stdin", bytes } : { source: `stdin:${title}`, bytes, title };
}

interface Report {
  readonly files: readonly FileResult[];
  readonly vanished: readonly { readonly path: string; readonly document_id: string; readonly deleted: boolean }[];
  readonly summary: IngestSummary;
}

/** Shows how it goes on stderr and keeps what became of each document. */
async function watch(events: AsyncIterable<IngestEvent>, terminal: Terminal): Promise<Report> {
  const files: FileResult[] = [];
  const vanished: { path: string; document_id: string; deleted: boolean }[] = [];
  let summary: IngestSummary | null = null;
  let told = "";
  // Until the first document is done: a provider that cannot be reached is tried for a while.
  terminal.status("reading and embedding the first documents …");
  for await (const event of events) {
    const note = noteOf(event);
    if (note !== null) terminal.note(note);
    if (event.type === "file") files.push(event.result);
    if (event.type === "vanished") {
      vanished.push({ path: event.path, document_id: event.document_id, deleted: event.pruned });
    }
    if (event.type === "extraction") {
      const line = extractionLine(event.extraction);
      terminal.status(line);
      if (!terminal.interactive && line !== told) terminal.note(line);
      told = line;
    }
    if (event.type === "progress") terminal.status(progressLine(event.progress));
    if (event.type === "summary") summary = event.summary;
  }
  terminal.status(null);
  if (summary !== null) return { files, vanished, summary };
  throw new HybridRAGError("store_failed", "The run ended early; run it again, it goes on where it stopped.");
}

/** What a person should read while it runs. */
function noteOf(event: IngestEvent): string | null {
  switch (event.type) {
    case "file": {
      const { outcome, reason } = event.result;
      return reason === null || outcome === "unchanged" ? null : `${outcome}: ${reason}`;
    }
    case "vanished":
      return event.pruned
        ? `deleted, its file has vanished: ${event.path}`
        : `vanished: ${event.path} (--prune deletes it)`;
    case "warning":
      return `note: ${event.warning.message}`;
    default:
      return null;
  }
}

function progressLine({ done, total, chunks, chunks_per_second: rate, eta_seconds: eta }: IngestProgress): string {
  const left = eta === null ? "" : `, ${eta < 90 ? `${Math.ceil(eta)} s` : `${Math.ceil(eta / 60)} min`} left`;
  return `${done} of ${total} documents, ${chunks} chunks (${Math.round(rate)} a second${left})`;
}

const extractionLine = ({ batches, done, total }: BulkProgress): string =>
  `a language model reads in ${batches === 1 ? "one batch" : `${batches} batches`}: ${done} of ${total} requests are done ` +
  "(stop at any time; the same command goes on with them)";

function estimateLine({ documents, texts, tokens, calls, extraction, ...money }: IngestEstimate): string {
  const embedding = `${documents} documents, ${texts} texts, ${tokens} tokens in ${calls} calls`;
  const way = extraction?.in_batches ? "requests in batches" : "calls";
  const reading = extraction
    ? `; read by a language model: ${extraction.tokens} tokens in ${extraction.calls} ${way}`
    : "";
  const limit = extraction && extraction.calls > 0 ? "at most" : "about";
  const cost =
    money.cost_usd === null
      ? `no price is known for ${money.unpriced.join(" and ")}: set it in HYBRIDRAG_PRICES`
      : `${limit} $${money.cost_usd.toFixed(4)} (prices of ${money.prices_of})`;
  return `${embedding}${reading}: ${cost}.`;
}

function summaryLine({ outcomes, chunks, unread_passages: unread, seconds, interrupted }: IngestSummary): string {
  const parts = Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`);
  const end = interrupted ? " Interrupted; what is done stays, the next run goes on." : "";
  const part = unread === 0 ? "" : ` The language model's reading of ${unread} of them could not be used.`;
  return `${parts.join(", ") || "Nothing to do"}: ${chunks} chunks in ${seconds.toFixed(1)} s.${part}${end}`;
}
