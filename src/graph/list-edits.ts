import { HybridRAGError } from "../errors.ts";
import type { Page, PageRequest } from "../ports/store.ts";
import type { GraphEdit } from "../records.ts";

/** An edit as people see it. Fields that its kind has no use for are null or empty. */
export interface GraphEditView {
  readonly edit_id: string;
  readonly sequence: number;
  readonly kind: "merge" | "rename" | "split" | "delete";
  /** Normalised names. */
  readonly entity: string;
  readonly into: string | null;
  /** What `into` was called, in a rename or a split. */
  readonly name: string | null;
  readonly chunk_ids: readonly string[];
  readonly document_ids: readonly string[];
  readonly spellings: readonly string[];
  readonly actor: string;
  readonly created_at: string;
  /** Null while it holds. */
  readonly undone: { readonly actor: string; readonly at: string } | null;
}

/** Null for an undo, which shows on the edit that it undid. */
export function viewOf(edit: GraphEdit, edits: readonly GraphEdit[]): GraphEditView | null {
  const { edit_id, sequence, actor, created_at, change } = edit;
  if (change.kind === "undo") return null;
  const undo = edits.find((one) => one.change.kind === "undo" && one.change.edit_id === edit_id);
  const selection = change.kind === "split" ? change : { chunk_ids: [], document_ids: [], spellings: [] };
  return {
    edit_id,
    sequence,
    kind: change.kind,
    entity: change.entity,
    into: change.kind === "delete" ? null : change.into,
    name: "name" in change ? change.name : null,
    chunk_ids: selection.chunk_ids,
    document_ids: selection.document_ids,
    spellings: selection.spellings,
    actor,
    created_at,
    undone: undo ? { actor: undo.actor, at: undo.created_at } : null,
  };
}

/**
 * Newest first, the undone among them.
 * @throws HybridRAGError `invalid_input` for a cursor of another listing or a limit below 1.
 */
export function pageOfEdits(edits: readonly GraphEdit[], { limit, cursor }: PageRequest): Page<GraphEditView> {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new HybridRAGError("invalid_input", "A page holds at least one edit.", { details: { path: "/limit" } });
  }
  const before = cursor ? sequenceOf(cursor) : Infinity;
  const older = edits
    .filter(({ sequence }) => sequence < before)
    .toSorted((a, b) => b.sequence - a.sequence)
    .flatMap((edit) => viewOf(edit, edits) ?? []);
  const items = older.slice(0, limit);
  return { items, next: older.length > limit ? cursorOf(items.at(-1)!.sequence) : null };
}

const cursorOf = (sequence: number): string => Buffer.from(`edits ${sequence}`).toString("base64url");

function sequenceOf(cursor: string): number {
  const [, sequence] = /^edits (\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (sequence !== undefined) return Number(sequence);
  throw new HybridRAGError("invalid_input", "The cursor is not one of this listing; start again without it.", {
    details: { path: "/cursor" },
  });
}
