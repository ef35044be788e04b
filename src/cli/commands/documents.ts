import type { Command } from "commander";
import { HybridRAGError } from "../../errors.ts";
import { parseFilter } from "../../filter/parse-filter.ts";
import { withCommonOptions } from "../common-options.ts";
import type { Shell } from "../shell.ts";
import { pageRequestOf, withPaging, type PagingOptions } from "./paging.ts";
import { inWorkspace, parseFilters, type CommonOptions } from "../workspace.ts";

interface ListOptions extends CommonOptions, PagingOptions {
  readonly filters?: string;
}

export function addDocuments(program: Command, shell: Shell): void {
  const documents = program.command("documents").description("list, show and delete documents");
  addList(documents, shell);
  addShow(documents, shell);
  addDelete(documents, shell);
}

function addList(documents: Command, { terminal, signal }: Shell): void {
  withPaging(withCommonOptions(documents.command("list")))
    .description("documents with their versions and numbers of chunks")
    .option("--filters <json>", "conditions on metadata")
    .action(async (options: ListOptions) => {
      const paging = pageRequestOf(options);
      const filter = parseFilter(parseFilters(options.filters), "/filters");
      const page = await inWorkspace({ ...options, access: "read" }, ({ rag, scope }) =>
        rag.store.documents.list(scope, { ...paging, filter }, { signal }),
      );
      if (options.json) return terminal.json({ documents: page.items, next: page.next });
      for (const document of page.items) {
        const { document_id: id, title, source, mime, version, chunks } = document;
        terminal.line(`${id}  ${terminal.bold(title || source)}`);
        terminal.line(terminal.dim(`  ${source} · ${mime} · version ${version} · ${chunks} chunks`));
      }
      if (page.items.length === 0) terminal.note("No documents yet. hybridrag ingest PATH adds some.");
      if (page.next !== null) terminal.note(`more: hybridrag documents list --cursor ${page.next}`);
    });
}

const missing = (id: string): HybridRAGError =>
  new HybridRAGError("not_found", `There is no document ${id}; hybridrag documents list shows what there is.`);

function addShow(documents: Command, { terminal, signal }: Shell): void {
  withCommonOptions(documents.command("show <id>"))
    .description("one document with the stored text that citations refer to")
    .action(async (id: string, options: CommonOptions) => {
      const found = await inWorkspace({ ...options, access: "read" }, async ({ rag, scope }) => {
        const [document, text] = await Promise.all([
          rag.store.documents.get(scope, id, { signal }),
          rag.store.documents.text(scope, id, { signal }),
        ]);
        return document && text !== null ? { ...document, text } : null;
      });
      if (!found) throw missing(id);
      if (options.json) return terminal.json(found);
      terminal.note(`${found.title} (${found.source}), version ${found.version}, ${found.chunks} chunks`);
      terminal.line(found.text);
    });
}

function addDelete(documents: Command, { terminal, signal }: Shell): void {
  withCommonOptions(documents.command("delete <id...>"))
    .description("remove documents with everything that they alone asserted")
    .action(async (ids: readonly string[], options: CommonOptions) => {
      const deleted = await inWorkspace({ ...options, access: "write" }, async ({ rag, scope }) => {
        const done: string[] = [];
        for (const id of ids) if (await rag.store.documents.delete(scope, id, { signal })) done.push(id);
        return done;
      });
      const absent = ids.filter((id) => !deleted.includes(id));
      if (options.json) terminal.json({ deleted, missing: absent });
      else terminal.line(`Deleted ${deleted.length} of ${ids.length}.`);
      if (absent.length > 0) throw missing(absent[0]!);
    });
}
