import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import { instantOf } from "../../filter/instant.ts";
import { agentMemory } from "../../memory/agent-memory.ts";
import type { Memory } from "../../records.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { inWorkspace, type CommonOptions, type Workspace } from "../workspace.ts";
import { pageRequestOf, withPaging, type PagingOptions } from "./paging.ts";

interface AddOptions extends CommonOptions {
  readonly type: string;
  readonly importance: number;
  readonly id?: string;
  readonly until?: string;
}

export function addMemory(program: Command, shell: Shell): void {
  const memory = program.command("memory").description("what agents remember: add, list, search and delete");
  addAdd(memory, shell);
  addList(memory, shell);
  addSearch(memory, shell);
  addDelete(memory, shell);
}

const agentsOf = ({ rag }: Workspace) =>
  agentMemory({ memories: rag.store.memories, embedder: rag.embedder, now: Date.now });

function addAdd(memory: Command, { terminal, signal }: Shell): void {
  withCommonOptions(memory.command("add <agent> <content>"))
    .description("remember something for an agent")
    .option("--type <type>", "kind of memory", "fact")
    .option("--importance <number>", "0 to 1", Number, 0.5)
    .option("--id <id>", "replaces the memory of this id")
    .option("--until <instant>", "forgotten then, such as 2027-01-31T12:00:00Z")
    .action(async (agent: string, content: string, { type, importance, id, until, ...options }: AddOptions) => {
      if (!(importance >= 0 && importance <= 1)) throw invalid("/importance", "--importance is a number from 0 to 1.");
      const kept = await inWorkspace({ ...options, access: "write" }, (workspace) => {
        const expires_at = until === undefined ? null : instant(until);
        const added = { memory_id: id, type, content, importance, metadata: {}, expires_at };
        return agentsOf(workspace).remember(workspace.scope, agent, added, { signal });
      });
      if (options.json) terminal.json(kept);
      else terminal.line(`Kept as ${kept.memory_id}.`);
    });
}

const invalid = (path: string, message: string): HybridRAGError =>
  new HybridRAGError("invalid_input", message, { details: { path } });

function instant(text: string): string {
  const at = instantOf(text);
  if (at === null) throw invalid("/until", "--until is an instant such as 2027-01-31T12:00:00Z.");
  return new Date(at).toISOString();
}

function addList(memory: Command, { terminal, signal }: Shell): void {
  withPaging(withCommonOptions(memory.command("list <agent>")))
    .description("memories of an agent, newest first")
    .action(async (agent: string, options: CommonOptions & PagingOptions) => {
      const paging = pageRequestOf(options);
      const page = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        rag.store.memories.list(scope, agent, paging, { signal }),
      );
      if (options.json) return terminal.json({ memories: page.items, next: page.next });
      for (const one of page.items) terminal.line(lineOf(one));
      if (page.items.length === 0) terminal.note(`${agent} remembers nothing.`);
      if (page.next !== null) terminal.note(`more: hybridrag memory list ${agent} --cursor ${page.next}`);
    });
}

const lineOf = ({ memory_id: id, type, importance, content }: Memory): string =>
  `${id}  ${type}, ${importance.toFixed(2)}: ${content}`;

function addSearch(memory: Command, { terminal, signal }: Shell): void {
  withCommonOptions(memory.command("search <agent> <query>"))
    .description("what bears on a question, by relevance, recency and importance; what is found counts as used")
    .option("--top-k <number>", "how many, 1 to 100", Number, 10)
    .action(async (agent: string, query: string, options: CommonOptions & { readonly topK: number }) => {
      const limit = options.topK;
      if (!(Number.isInteger(limit) && limit >= 1 && limit <= 100))
        throw invalid("/top_k", "--top-k is a whole number from 1 to 100.");
      const memories = await inWorkspace({ ...options, access: "write" }, (workspace) =>
        agentsOf(workspace).recall(workspace.scope, agent, { query, limit }, { signal }),
      );
      if (options.json) return terminal.json({ memories });
      for (const one of memories) terminal.line(`${one.score.toFixed(2)}  ${lineOf(one)}`);
      if (memories.length === 0) terminal.note(`${agent} remembers nothing of it.`);
    });
}

function addDelete(memory: Command, { terminal, signal }: Shell): void {
  withCommonOptions(memory.command("delete <agent> <id>"))
    .description("forget a memory")
    .action(async (agent: string, id: string, options: CommonOptions) => {
      const isDeleted = await inWorkspace({ ...options, access: "write" }, ({ rag, scope }) =>
        rag.store.memories.delete(scope, agent, id, { signal }),
      );
      if (!isDeleted) throw new HybridRAGError("not_found", `${agent} has no memory ${id}, or it has expired.`);
      if (options.json) terminal.json({ deleted: [id] });
      else terminal.line(`Deleted ${id}.`);
    });
}
