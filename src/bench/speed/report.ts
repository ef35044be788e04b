import { tableLines, type Cell } from "../table.ts";
import type { Row, Served } from "./compare.ts";
import type { IngestFigures } from "./ingest-rate.ts";
import type { BuildReply } from "./messages.ts";

/** All that one size gave. */
export interface Scenario {
  readonly size: number;
  readonly built: readonly (BuildReply & { readonly candidate: string })[];
  readonly served: readonly Served[];
  readonly rows: readonly Row[];
}

const fixed = (value: number | null, digits: number): string | null => (value === null ? null : value.toFixed(digits));

export function scenarioLines({ size, built, served, rows }: Scenario): readonly string[] {
  return [
    `${size.toLocaleString("en")} passages × 384 dimensions, one client`,
    "",
    ...tableLines(
      ["search", "engine", "p50 ms", "p99 ms", "CPU ms", "× ours", "recall@10"],
      rows.map((row): readonly Cell[] => [
        `${row.kind} ${row.restriction}`,
        row.candidate,
        fixed(row.p50_ms, 2),
        fixed(row.p99_ms, 2),
        fixed(row.cpu_ms, 2),
        fixed(row.ratio, 1),
        row.recall,
      ]),
    ),
    "",
    ...tableLines(
      ["engine", "RSS MB", "open ms", "first answer ms", "build s", "build CPU s", "passages/s"],
      served.map((one) => {
        const made = built.find(({ candidate }) => candidate === one.candidate);
        const work = made === undefined ? null : made.seconds - made.corpus_seconds;
        const isMade = made !== undefined && work !== null && work > 0.1;
        return [
          one.candidate,
          fixed(one.rss_mb, 0),
          fixed(one.open_ms, 0),
          fixed(one.first_answer_ms, 0),
          isMade ? fixed(work, 1) : null,
          isMade ? fixed(made.cpu_seconds - made.corpus_cpu_seconds, 1) : null,
          isMade ? fixed(size / work, 0) : null,
        ];
      }),
    ),
  ];
}

export function ingestLines(figures: IngestFigures): readonly string[] {
  const { loop, idle_loop: idle } = figures;
  return [
    `ingest: ${figures.chunks_per_second.toFixed(1)} chunks/s, the embedder alone ${figures.embedder_chunks_per_second.toFixed(1)}: ` +
      `${(100 * figures.share_of_embedder).toFixed(0)} %; ${(100 * figures.share_while_serving).toFixed(0)} % while serving`,
    `event loop while ingesting and serving: p99 ${loop.p99_ms.toFixed(1)} ms, max ${loop.max_ms.toFixed(1)} ms, longest turn ${loop.longest_turn_ms.toFixed(1)} ms of CPU, busy ${(100 * loop.busy).toFixed(0)} % ` +
      `(an idle process: p99 ${idle.p99_ms.toFixed(1)} ms, max ${idle.max_ms.toFixed(1)} ms)`,
    `${figures.searches} searches meanwhile: p50 ${figures.search_p50_ms.toFixed(1)} ms, max ${figures.search_max_ms.toFixed(1)} ms`,
  ];
}
