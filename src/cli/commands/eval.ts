import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import type { Dataset } from "../../evaluate/dataset.ts";
import { datasetGaps } from "../../evaluate/dataset-gaps.ts";
import { evaluate, type Evaluation } from "../../evaluate/evaluate.ts";
import { indexDataset } from "../../evaluate/index-dataset.ts";
import { readDataset } from "../../evaluate/read-dataset.ts";
import { documentSearch } from "../../evaluate/search-documents.ts";
import type { IngestEvent } from "../../ingest/ingest-events.ts";
import { modes as allModes, type Mode } from "../../query/query-request.ts";
import { ownerScope } from "../../scope.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace, type CommonOptions } from "../workspace.ts";

interface EvalOptions extends CommonOptions {
  readonly modes: string;
  readonly calibrate?: boolean;
}

export function addEval(program: Command, { terminal, signal }: Shell): void {
  withCommonOptions(program.command("eval <folder>"))
    .description("measure retrieval on a judged collection in BEIR's layout; its index is kept for the next time")
    .option("--modes <modes>", "which to measure, separated by commas", "vector,text,hybrid,mix")
    .option("--calibrate", "learn the weight of the text leg from the queries as they come")
    .action(async (folder: string, options: EvalOptions) => {
      const modes = parseModes(options.modes);
      const dataset = await readDataset(folder);
      const gaps = datasetGaps(dataset);
      if (gaps.nothing !== null)
        throw new HybridRAGError("invalid_input", `${folder}: ${gaps.nothing}`, { details: { path: folder } });
      for (const note of gaps.notes) terminal.note(`note: ${note}`);
      const evaluation = await inWorkspace({ ...options, access: "write" }, async ({ rag }) => {
        for (const { message } of rag.notices) terminal.note(`note: ${message}`);
        const scope = ownerScope(tenantOf(folder, dataset));
        await indexDataset(rag, scope, dataset.documents, { signal, onEvent: showProgress(terminal) });
        const settings = { ...rag.settings, calibrate: options.calibrate === true };
        return evaluate(dataset, {
          search: await documentSearch(rag.ports, scope, settings),
          modes,
          now: () => performance.now(),
          signal,
          onProgress: ({ mode, queries, total }) => terminal.status(`${mode}: ${queries} of ${total} queries`),
        });
      });
      terminal.status(null);
      if (options.json) terminal.json(evaluation);
      else printEvaluation(evaluation, terminal);
    });
}

function parseModes(text: string): readonly Mode[] {
  return text.split(",").map((name) => {
    const mode = allModes.find((one) => one === name.trim());
    if (mode) return mode;
    const message = `"${name}" is no mode; the modes are ${allModes.join(", ")}.`;
    throw new HybridRAGError("invalid_input", message, { details: { path: "/modes" } });
  });
}

/** Each collection has a tenant of its own, so that evaluations never meet each other nor a person's documents. */
function tenantOf(folder: string, { name }: Dataset): string {
  const hash = createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 8);
  return `eval-${name.replaceAll(/[^A-Za-z0-9_.-]/g, "-").slice(0, 60)}-${hash}`;
}

const showProgress =
  (terminal: Terminal) =>
  (event: IngestEvent): void => {
    if (event.type === "progress") {
      const { done, total, chunks_per_second: rate } = event.progress;
      terminal.status(`indexing: ${done} of ${total} documents (${Math.round(rate)} chunks a second)`);
    }
    if (event.type === "file" && event.result.outcome === "failed") terminal.note(`failed: ${event.result.reason}`);
  };

const columns = ["recall@5", "recall@10", "ndcg@10", "mrr@10", "map"] as const;

function printEvaluation({ dataset, modes }: Evaluation, terminal: Terminal): void {
  terminal.line(terminal.bold(dataset));
  terminal.line(`${"mode".padEnd(8)}${columns.map((name) => name.padStart(11)).join("")}    p50 ms   p95 ms`);
  for (const [mode, figures] of Object.entries(modes)) {
    const values = columns.map((name) => (figures[name] === null ? "–" : figures[name].toFixed(4)).padStart(11));
    const times = [figures.p50_ms, figures.p95_ms].map((time) => time.toFixed(1).padStart(9));
    terminal.line(`${mode.padEnd(8)}${values.join("")}${times.join("")}`);
    if (!figures.filters) continue;
    const { exact, total, violations } = figures.filters;
    terminal.line(`${" ".repeat(8)}filters: ${exact} of ${total} exact, ${violations} violations`);
  }
}
