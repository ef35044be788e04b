import { activeEdits, type NameChange, type NameEdit } from "../edits/edited-names.ts";
import type { GraphEdit } from "../records.ts";

/**
 * Names that exist, or are free, only through this change: without it a later edit that speaks of one would lose what
 * it speaks of, or find something else under that name. A merge makes no name, so what was done to the entity that it
 * merged into stays meaningful.
 */
function namesThatRestOn(change: NameChange): readonly string[] {
  switch (change.kind) {
    case "merge":
    case "delete":
      return [change.entity];
    case "split":
      return [change.into];
    case "rename":
      return change.entity === change.into ? [] : [change.entity, change.into];
  }
}

/** The later edits that hold and that need this one: they are undone first. */
export function dependentsOf(edits: readonly GraphEdit[], { sequence, change }: NameEdit): readonly NameEdit[] {
  const names = new Set(namesThatRestOn(change));
  return activeEdits(edits).filter(
    (later) =>
      later.sequence > sequence &&
      (names.has(later.change.entity) || (later.change.kind !== "delete" && names.has(later.change.into))),
  );
}
