import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import { addSessionImport } from "./session-import.ts";
import { addSessionSearch } from "./session-search.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { inWorkspace, type CommonOptions } from "../workspace.ts";
import { pageRequestOf, withPaging, type PagingOptions } from "./paging.ts";

const messagesAtOnce = 1000;

export function addSessions(program: Command, shell: Shell): void {
  const sessions = program.command("sessions").description("list, show, search, import and delete conversations");
  addList(sessions, shell);
  addShow(sessions, shell);
  addSessionSearch(sessions, shell);
  addSessionImport(sessions, shell);
  addDelete(sessions, shell);
}

function addList(sessions: Command, { terminal, signal }: Shell): void {
  withPaging(withCommonOptions(sessions.command("list")))
    .description("conversations, most recently updated first")
    .action(async (options: CommonOptions & PagingOptions) => {
      const paging = pageRequestOf(options);
      const page = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        rag.sessions.list(scope, paging, { signal }),
      );
      if (options.json) return terminal.json({ sessions: page.items, next: page.next });
      for (const { session_id: id, messages, updated_at: updated, expires_at: expires } of page.items)
        terminal.line(`${terminal.bold(id)}  ${messages} messages, last ${updated}, kept until ${expires}`);
      if (page.items.length === 0) terminal.note("No conversations yet. hybridrag chat begins one.");
      if (page.next !== null) terminal.note(`more: hybridrag sessions list --cursor ${page.next}`);
    });
}

const missing = (id: string): HybridRAGError =>
  new HybridRAGError(
    "not_found",
    `There is no conversation ${id}, or it has expired; hybridrag sessions list shows them.`,
  );

function addShow(sessions: Command, { terminal, signal }: Shell): void {
  withCommonOptions(sessions.command("show <id>"))
    .description("everything that was said in a conversation")
    .action(async (id: string, options: CommonOptions) => {
      await inWorkspace({ ...options, access: "read" }, async ({ rag, scope }) => {
        const session = await rag.sessions.get(scope, id, { signal });
        if (session === null) throw missing(id);
        const messages = [];
        for (let after = 0; ; after = messages.at(-1)!.sequence) {
          const more = await rag.sessions.messages(scope, id, { after, limit: messagesAtOnce }, { signal });
          messages.push(...more);
          if (more.length < messagesAtOnce) break;
        }
        if (options.json) return terminal.json({ ...session, messages });
        for (const { sequence, role, content, metadata } of messages) {
          const who = typeof metadata["speaker"] === "string" ? metadata["speaker"] : role;
          terminal.line(`${terminal.dim(String(sequence))} ${terminal.bold(who)}: ${content}`);
        }
      });
    });
}

function addDelete(sessions: Command, { terminal, signal }: Shell): void {
  withCommonOptions(sessions.command("delete <id>"))
    .description("forget a conversation with all its messages")
    .action(async (id: string, options: CommonOptions) => {
      const isDeleted = await inWorkspace({ ...options, access: "write" }, ({ rag, scope }) =>
        rag.sessions.delete(scope, id, { signal }),
      );
      if (!isDeleted) throw missing(id);
      if (options.json) terminal.json({ deleted: [id] });
      else terminal.line(`Deleted ${id}.`);
    });
}
