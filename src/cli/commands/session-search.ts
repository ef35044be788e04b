import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import type { RecalledMessage } from "../../memory/turns/recall-turns.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace, type CommonOptions } from "../workspace.ts";

/** Opens for writing: vectors that are missing are made, and kept for the next question. */
export function addSessionSearch(sessions: Command, { terminal, signal }: Shell): void {
  withCommonOptions(sessions.command("search <id> <query>"))
    .description("what was said in a conversation that bears on a question")
    .option("--top-k <number>", "how many, 1 to 100 (default: 10 for a fact, up to 30 for the whole)", Number)
    .action(async (id: string, query: string, options: CommonOptions & { readonly topK?: number }) => {
      const limit = options.topK;
      if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= 100))
        throw new HybridRAGError("invalid_input", "--top-k is a whole number from 1 to 100.", {
          details: { path: "/top_k" },
        });
      const found = await inWorkspace({ ...options, access: "write" }, ({ rag, scope }) =>
        rag.turns.search(scope, id, { query, limit }, { signal }),
      );
      if (options.json) return terminal.json(found);
      for (const one of found.results) printMessage(one, one.role, terminal);
      for (const one of found.standing) printMessage(one, one.standing, terminal);
      for (const { message } of found.warnings) terminal.note(message);
      if (found.results.length === 0) terminal.note("Nothing was said in it yet.");
    });
}

function printMessage(one: RecalledMessage, label: string, terminal: Terminal): void {
  const { speaker, timestamp } = one.metadata;
  const who = typeof speaker === "string" ? speaker : label;
  const when = typeof timestamp === "string" ? timestamp : one.created_at;
  const said = one.content.startsWith(`${who}:`) ? one.content.slice(who.length + 1).trimStart() : one.content;
  const place = terminal.dim(`${one.sequence} ${when.slice(0, 10)}`);
  terminal.line(`${one.score.toFixed(2)}  ${place} ${terminal.bold(who)}: ${said}`);
}
