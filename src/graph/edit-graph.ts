import { randomUUID } from "node:crypto";
import { checkEditor } from "../edits/check-edit.ts";
import { activeEdits, type NameEdit } from "../edits/edited-names.ts";
import { HybridRAGError, isHybridRAGError } from "../errors.ts";
import type { CallOptions, Page, PageRequest, Store } from "../ports/store.ts";
import type { GraphChange, GraphEdit } from "../records.ts";
import type { Scope } from "../scope.ts";
import { changeOf } from "./change-of.ts";
import { dependentsOf } from "./edit-dependents.ts";
import { parseEditRequest } from "./edit-request.ts";
import { pageOfEdits, viewOf, type GraphEditView } from "./list-edits.ts";

export interface EditOptions extends CallOptions {
  /** Who is written down as the one who did it; "owner" by default. */
  readonly actor?: string;
}

/**
 * Changes what the graph says, by hand: see `docs/decisions/0051-edits-of-the-graph.md`. What was extracted stays, so
 * an edit holds for what is ingested later, and an undo leaves nothing of it.
 */
export interface GraphEditor {
  /**
   * @param request in the form of `EditRequest`; it is checked here.
   * @throws HybridRAGError `not_found` with the nearest names; `invalid_input`; `conflict` when the name is taken;
   * `forbidden` for a scope that does not read everything of the tenant.
   */
  edit(scope: Scope, request: unknown, options?: EditOptions): Promise<GraphEditView>;
  /**
   * Takes one edit back, whichever it is; those after it hold on.
   * @throws HybridRAGError `not_found`; `conflict` when it is undone already, or when later edits rest on it, whose ids
   * are in `details.edits`; `forbidden`.
   */
  undo(scope: Scope, editId: string, options?: EditOptions): Promise<GraphEditView>;
  /** Newest first, the undone among them. */
  edits(scope: Scope, request: PageRequest, options?: CallOptions): Promise<Page<GraphEditView>>;
}

interface EditorSettings {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly newId?: () => string;
}

export function graphEditor(
  store: Pick<Store, "graph" | "chunks">,
  { now = Date.now, newId = randomUUID }: EditorSettings = {},
): GraphEditor {
  const { graph } = store;

  /** What was checked holds for the edits that it was checked against; when another came first, it is checked again. */
  async function append(
    scope: Scope,
    check: (edits: readonly GraphEdit[]) => Promise<GraphChange>,
    { actor = "owner", ...options }: EditOptions,
  ): Promise<{ readonly added: GraphEdit; readonly edits: readonly GraphEdit[] }> {
    for (let attempt = 1; ; attempt++) {
      const before = await graph.edits(scope, options);
      const change = await check(before);
      const made = { edit_id: newId(), actor, created_at: new Date(now()).toISOString(), change };
      try {
        const added = await graph.edit(scope, made, before.length, options);
        return { added, edits: [...before, added] };
      } catch (error) {
        const isOvertaken = isHybridRAGError(error) && error.code === "conflict" && error.retryable;
        if (!isOvertaken || attempt === attempts) throw error;
      }
    }
  }

  return {
    edit: async (scope, input, options = {}) => {
      checkEditor(scope);
      const request = parseEditRequest(input);
      const check = (edits: readonly GraphEdit[]) => changeOf(store, scope, request, edits, options);
      const { added, edits } = await append(scope, check, options);
      return viewOf(added, edits)!;
    },
    undo: async (scope, editId, options = {}) => {
      checkEditor(scope);
      const check = async (edits: readonly GraphEdit[]): Promise<GraphChange> => ({
        kind: "undo",
        edit_id: undoable(edits, editId).edit_id,
      });
      const { edits } = await append(scope, check, options);
      return viewOf(
        edits.find((edit) => edit.edit_id === editId)!,
        edits,
      )!;
    },
    edits: async (scope, request, options) => pageOfEdits(await graph.edits(scope, options), request),
  };
}

const attempts = 5;

function undoable(edits: readonly GraphEdit[], editId: string): NameEdit {
  const known = edits.find((edit) => edit.edit_id === editId);
  if (!known || known.change.kind === "undo") {
    throw new HybridRAGError("not_found", "There is no such edit; `hybridrag graph edits` lists them.");
  }
  const active = activeEdits(edits).find((edit) => edit.edit_id === editId);
  if (!active) {
    throw new HybridRAGError("conflict", "This edit is undone already; to have it back, make it again.", {
      details: { edit_id: editId },
    });
  }
  const ids = dependentsOf(edits, active).map((edit) => edit.edit_id);
  if (ids.length === 0) return active;
  throw new HybridRAGError(
    "conflict",
    `Later edits speak of a name that this one made or freed; undo them first: ${ids.toReversed().join(", ")}.`,
    { details: { edits: ids.toReversed() } },
  );
}
