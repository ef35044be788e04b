import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { messageOf } from "../../errors.ts";
import { collectAnswer } from "../../query/answer/collect-answer.ts";
import type { Shell } from "../shell.ts";
import { inWorkspace, type Workspace } from "../workspace.ts";
import { printAnswer } from "./ask.ts";
import { requestOf, withQueryOptions, type QueryOptions } from "./search.ts";

const ends = new Set(["/quit", "/exit"]);

export function addChat(program: Command, shell: Shell): void {
  withQueryOptions(program.command("chat"))
    .description("question after question in one conversation, one a line, until /quit or the end of the input")
    .option("--session <id>", "go on with this conversation (default: a new one)")
    .action(async (options: QueryOptions) => {
      const session = options.session ?? randomUUID();
      await inWorkspace({ ...options, access: "write" }, (workspace) =>
        talk(workspace, { ...options, session }, shell),
      );
      if (!options.json) shell.terminal.note(`go on: hybridrag chat --session ${session}`);
    });
}

async function talk(workspace: Workspace, options: QueryOptions, shell: Shell): Promise<void> {
  const { signal, terminal } = shell;
  const lines = createInterface({ input: process.stdin, signal });
  const prompt = () => (process.stdin.isTTY ? terminal.write(terminal.bold("> ")) : undefined);
  try {
    prompt();
    for await (const line of lines) {
      const question = line.trim();
      if (ends.has(question)) return;
      if (question !== "") await answer(workspace, question, options, shell);
      prompt();
    }
  } finally {
    lines.close();
  }
}

/** A question that cannot be answered ends no conversation. */
async function answer({ rag, scope }: Workspace, question: string, options: QueryOptions, shell: Shell): Promise<void> {
  const { signal, terminal } = shell;
  try {
    const events = rag.ask(scope, requestOf(question, options), { signal });
    if (options.json) terminal.json(await collectAnswer(events));
    else await printAnswer(events, terminal);
  } catch (error) {
    if (signal.aborted) throw error;
    terminal.note(`hybridrag: ${messageOf(error)}`);
  }
}
