import type { Command } from "commander";
import type { Warning } from "../../records.ts";
import { loadConfig } from "../../config/config.ts";
import { discardIndexes, reembedIndex, type ReembedProgress, type ReembedResult } from "../../open-reembed.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { flagsOf, type CommonOptions } from "../workspace.ts";

interface ReembedOptions extends CommonOptions {
  readonly discard?: boolean;
}

/** Where no status is shown, a line now and then. */
const noteEveryMs = 10_000;

export function addReembed(indexes: Command, { terminal, signal }: Shell): void {
  withCommonOptions(indexes.command("reembed"))
    .description("make all vectors anew with the embedder that is set, beside the index in use; a stopped run goes on")
    .option("--discard", "remove the index that rollback would go back to, and unfinished ones")
    .action(async (options: ReembedOptions) => {
      const { config } = loadConfig({ flags: flagsOf(options) });
      if (options.discard) {
        const discarded = await discardIndexes(config);
        if (options.json) terminal.json({ discarded });
        else terminal.line(discarded === 0 ? "There was no other index." : `${discarded} removed.`);
        return;
      }
      let notedAt = performance.now();
      const onProgress = (progress: ReembedProgress): void => {
        terminal.status(progressLine(progress));
        if (terminal.interactive || performance.now() - notedAt < noteEveryMs) return;
        notedAt = performance.now();
        terminal.note(progressLine(progress));
      };
      const onWarning = ({ message }: Warning): void => terminal.note(`note: ${message}`);
      const result = await reembedIndex(config, { signal, onProgress, onWarning, now: () => performance.now() });
      terminal.status(null);
      if (options.json) terminal.json(result);
      else for (const line of resultLines(result)) terminal.line(line);
    });
}

const progressLine = ({ done, total, rate, secondsLeft }: ReembedProgress): string =>
  `${done} of ${total} embedded, ${rate.toFixed(0)} a second, ${durationOf(secondsLeft)} left`;

const durationOf = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;

function resultLines(result: ReembedResult): readonly string[] {
  if (result.outcome !== "reembedded") {
    if (result.outcome === "unchanged") return [`Nothing to do: the index is of ${result.embedder}.`];
    return [
      "Only how documents are cut differs: stored passages stay, those that are ingested from now on are cut anew.",
    ];
  }
  const { chunks, memories, embedded, seconds, longer_than_limit: longer } = result;
  return [
    `${chunks} chunks and ${memories} memories are searched with ${result.embedder} now ` +
      `(${embedded} embedded, ${seconds.toFixed(1)} s).`,
    ...(longer > 0
      ? [`${longer} chunks are longer than it reads; ingest their documents anew to cut them shorter.`]
      : []),
    "hybridrag indexes rollback goes back; hybridrag indexes reembed --discard frees the space of the index before.",
  ];
}
