import type { GraphChange, GraphEdit } from "../records.ts";
import { nameKey } from "../text/name-key.ts";

/** A name where it stands: what decides which entity it belongs to. */
export interface NamePlace {
  readonly entity: string;
  readonly chunk_id: string;
  readonly document_id: string;
  /** As it is written there; null where that is not known. */
  readonly name: string | null;
}

/**
 * What names mean after a tenant's edits. It is a function of the edits and of one mention at a time, never of other
 * mentions: a passage that comes or goes changes what is said of an entity, and no edit.
 */
export interface EditedNames {
  /** The entity that a name belongs to where it stands; null when that entity was deleted. */
  entityAt(place: NamePlace): string | null;
  /** The entity that a name finds when nothing is known of where it stands; null when that one was deleted. */
  entityOf(name: string): string | null;
  /** The edits by which a name finds that entity, in order: none for a name that was never given away. */
  editsOf(name: string): readonly NameEdit[];
  /** What people called an entity, as they wrote it. */
  givenName(entity: string): string | undefined;
  /** Extracted names whose mentions may belong to one of these entities, these themselves among them. */
  saidAs(entities: Iterable<string>): ReadonlySet<string>;
  /** Every name that an edit takes from or gives to. */
  readonly touched: ReadonlySet<string>;
}

/** A change that takes mentions from one entity and gives them to another, or to none. */
export type NameChange = Exclude<GraphChange, { readonly kind: "undo" }>;

export interface NameEdit extends GraphEdit {
  readonly change: NameChange;
}

/** The edits that hold, in order: neither undone nor an undo. */
export function activeEdits(edits: readonly GraphEdit[]): readonly NameEdit[] {
  const undone = new Set(edits.flatMap(({ change }) => (change.kind === "undo" ? [change.edit_id] : [])));
  return edits
    .filter((edit): edit is NameEdit => edit.change.kind !== "undo" && !undone.has(edit.edit_id))
    .toSorted((a, b) => a.sequence - b.sequence);
}

/** Null: the mentions belong to no entity any more. */
export const targetOf = (change: NameChange): string | null => (change.kind === "delete" ? null : change.into);

export function editedNames(edits: readonly GraphEdit[]): EditedNames {
  const active = activeEdits(edits);
  const byEntity = Map.groupBy(active, ({ change }) => change.entity);
  const given = new Map(
    active.flatMap(({ change }) => ("name" in change ? [[change.into, change.name] as const] : [])),
  );

  /** Each edit is asked once, in order: what it gives to is subject to the edits after it only. */
  function follow(entity: string, takes: (change: NameChange) => boolean): readonly NameEdit[] {
    const followed: NameEdit[] = [];
    let current: string | null = entity;
    let last = -1;
    while (current !== null) {
      const next = byEntity.get(current)?.find(({ sequence, change }) => sequence > last && takes(change));
      if (next === undefined) break;
      followed.push(next);
      current = targetOf(next.change);
      last = next.sequence;
    }
    return followed;
  }

  const endOf = (name: string, followed: readonly NameEdit[]): string | null => {
    const last = followed.at(-1);
    return last === undefined ? name : targetOf(last.change);
  };
  const isWhole = (change: NameChange): boolean => change.kind !== "split";

  return {
    entityAt: (place) =>
      endOf(
        place.entity,
        follow(place.entity, (change) => takes(change, place)),
      ),
    entityOf: (name) => endOf(name, follow(name, isWhole)),
    editsOf: (name) => follow(name, isWhole).filter(({ change }) => targetOf(change) !== change.entity),
    givenName: (entity) => given.get(entity),
    saidAs: (entities) => {
      const names = new Set(entities);
      for (const { change } of active.toReversed()) {
        const target = targetOf(change);
        if (target !== null && names.has(target)) names.add(change.entity);
      }
      return names;
    },
    touched: new Set(
      active.flatMap(({ change }) => (change.kind === "delete" ? [change.entity] : [change.entity, change.into])),
    ),
  };
}

/**
 * How an entity is shown that an edit speaks of: as people called it, else by a spelling of its own name before those
 * that were merged into it. Only spellings that the caller may read are asked, so nothing of a hidden passage shows.
 * @param spellings of its mentions, the commonest first.
 */
export const shownName = (
  given: string | null | undefined,
  entity: string,
  spellings: readonly string[],
): string | undefined => given ?? spellings.find((spelling) => nameKey(spelling) === entity) ?? spellings[0];

function takes(change: NameChange, { chunk_id, document_id, name }: NamePlace): boolean {
  if (change.kind !== "split") return true;
  return (
    change.chunk_ids.includes(chunk_id) ||
    change.document_ids.includes(document_id) ||
    (name !== null && change.spellings.includes(name))
  );
}
