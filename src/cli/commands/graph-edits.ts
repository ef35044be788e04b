import type { Command } from "commander";
import type { EditRequest } from "../../graph/edit-request.ts";
import type { GraphEditView } from "../../graph/list-edits.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { inWorkspace, type CommonOptions } from "../workspace.ts";

interface SplitOptions extends CommonOptions {
  readonly chunk?: readonly string[];
  readonly document?: readonly string[];
  readonly spelling?: readonly string[];
}

/** What people change about the graph by hand. */
export function addGraphEdits(graph: Command, shell: Shell): void {
  const edit = async (request: EditRequest, options: CommonOptions): Promise<void> => {
    const made = await inWorkspace({ ...options, access: "write" }, ({ rag, scope }) =>
      rag.graph.edit(scope, request, { signal: shell.signal }),
    );
    told(made, options, shell.terminal);
  };
  withCommonOptions(graph.command("merge <name> <into>"))
    .description("two entities are one: the first becomes another name of the second")
    .action((entity: string, into: string, options: CommonOptions) => edit({ kind: "merge", entity, into }, options));
  withCommonOptions(graph.command("rename <name> <new-name>"))
    .description("an entity is called something else; its old name still finds it")
    .action((entity: string, name: string, options: CommonOptions) => edit({ kind: "rename", entity, name }, options));
  withCommonOptions(graph.command("split <name> <new-name>"))
    .description("some mentions of an entity become an entity of their own")
    .option("--chunk <ids...>", "those in these passages")
    .option("--document <ids...>", "those in these documents")
    .option("--spelling <texts...>", "those that are written just so")
    .action((entity: string, name: string, { chunk = [], document = [], spelling = [], ...options }: SplitOptions) =>
      edit(
        {
          kind: "split",
          entity,
          name,
          chunk_ids: [...chunk],
          document_ids: [...document],
          spellings: [...spelling],
        },
        options,
      ),
    );
  withCommonOptions(graph.command("delete <name>"))
    .description("an entity is none: it links nothing any more, and its passages stay")
    .action((entity: string, options: CommonOptions) => edit({ kind: "delete", entity }, options));
  addUndo(graph, shell);
  addEdits(graph, shell);
}

function addUndo(graph: Command, { terminal, signal }: Shell): void {
  withCommonOptions(graph.command("undo <edit-id>"))
    .description("takes an edit of the graph back")
    .action(async (editId: string, options: CommonOptions) => {
      const undone = await inWorkspace({ ...options, access: "write" }, ({ rag, scope }) =>
        rag.graph.undo(scope, editId, { signal }),
      );
      told(undone, options, terminal);
    });
}

interface ListOptions extends CommonOptions {
  readonly limit: number;
  readonly cursor?: string;
}

function addEdits(graph: Command, { terminal, signal }: Shell): void {
  withCommonOptions(graph.command("edits"))
    .description("edits of the graph, newest first, the undone among them")
    .option("--limit <number>", "how many", Number, 50)
    .option("--cursor <cursor>", "the `next` of the list before")
    .action(async ({ limit, cursor, ...options }: ListOptions) => {
      const page = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        rag.graph.edits(scope, { limit, cursor: cursor ?? null }, { signal }),
      );
      if (options.json) return terminal.json({ edits: page.items, next: page.next });
      for (const edit of page.items) terminal.line(inWords(edit, terminal));
      if (page.items.length === 0) terminal.note("The graph was never edited.");
      if (page.next !== null) terminal.note(`more: hybridrag graph edits --cursor ${page.next}`);
    });
}

function told(edit: GraphEditView, options: CommonOptions, terminal: Terminal): void {
  if (options.json) return terminal.json(edit);
  terminal.line(inWords(edit, terminal));
  if (edit.undone === null) terminal.note(`To take it back: hybridrag graph undo ${edit.edit_id}`);
}

function inWords(edit: GraphEditView, terminal: Terminal): string {
  const { entity, into, name, chunk_ids, document_ids, spellings } = edit;
  const leaving = [
    ...(chunk_ids.length > 0 ? [`passages ${chunk_ids.join(", ")}`] : []),
    ...(document_ids.length > 0 ? [`documents ${document_ids.join(", ")}`] : []),
    ...(spellings.length > 0 ? [`written ${spellings.map((spelling) => `“${spelling}”`).join(", ")}`] : []),
  ];
  const words = {
    merge: `merged ${entity} into ${into}`,
    rename: `renamed ${entity} to “${name}”`,
    split: `split “${name}” off ${entity}: ${leaving.join("; ")}`,
    delete: `deleted ${entity}`,
  }[edit.kind];
  const undone = edit.undone === null ? "" : ` · undone ${edit.undone.at} by ${edit.undone.actor}`;
  return `${words}  ${terminal.dim(`${edit.edit_id} · ${edit.created_at} by ${edit.actor}${undone}`)}`;
}
