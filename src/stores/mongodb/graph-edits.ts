import { checkEditor, checkLast } from "../../edits/check-edit.ts";
import { editedNames, type EditedNames } from "../../edits/edited-names.ts";
import type { GraphStore } from "../../ports/graph-store.ts";
import type { GraphEdit } from "../../records.ts";
import { call, rows, type Context } from "./context.ts";
import { collections } from "./names.ts";
import { identifierOf } from "./stored-metadata.ts";
import { isDuplicateKey } from "./translate-error.ts";

/** What names mean now to a tenant: asked with every call of the graph, so another server's edits show a little late. */
export const editedNamesOf = (context: Context, tenant: string): Promise<EditedNames> =>
  context.statistics.edits(context, tenant, async () => editedNames(await readEdits(context, tenant)));

/**
 * Edits are kept as a list; chunks stay as they were extracted, and every answer is read through the edits. So an edit
 * is one write, however many passages it concerns.
 */
export function mongoGraphEdits(context: Context): Pick<GraphStore, "edits" | "edit"> {
  return {
    edits: (scope, options) =>
      call(context, options, (signal) => {
        checkEditor(scope);
        return readEdits(context, scope.tenant, signal);
      }),
    edit: (scope, edit, after, options) =>
      call(context, options, async (signal) => {
        checkEditor(scope);
        checkLast((await readEdits(context, scope.tenant, signal)).length, after);
        const added: GraphEdit = structuredClone({ ...edit, sequence: after + 1 });
        signal.throwIfAborted();
        await insert(context, scope.tenant, added);
        context.statistics.forget(scope.tenant);
        return added;
      }),
  };
}

/** The number is part of the id: of two servers that add the same number, one is refused. */
async function insert(context: Context, tenant: string, edit: GraphEdit): Promise<void> {
  const row = { _id: identifierOf(tenant, String(edit.sequence)), tenant_id: tenant, sequence: edit.sequence, edit };
  try {
    await rows(context, collections.edits).insertOne(row);
  } catch (error) {
    if (isDuplicateKey(error)) checkLast(edit.sequence, edit.sequence - 1);
    throw error;
  }
}

async function readEdits(context: Context, tenant: string, signal?: AbortSignal): Promise<readonly GraphEdit[]> {
  const found = rows(context, collections.edits).find({ tenant_id: tenant }, { signal });
  return (await found.sort({ sequence: 1 }).toArray()).map((row) => row["edit"] as GraphEdit);
}
