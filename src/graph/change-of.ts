import { editedNames } from "../edits/edited-names.ts";
import { HybridRAGError } from "../errors.ts";
import type { CallOptions, Store } from "../ports/store.ts";
import type { Entity, GraphChange, GraphEdit } from "../records.ts";
import type { Scope } from "../scope.ts";
import { bracketedKey, nameKey } from "../text/name-key.ts";
import type { CheckedEditRequest } from "./edit-request.ts";
import { findEntity } from "./find-entity.ts";

type Reads = Pick<Store, "graph" | "chunks">;
type Request<Kind extends CheckedEditRequest["kind"]> = Extract<CheckedEditRequest, { readonly kind: Kind }>;

/**
 * The change that a request asks for, with names as the graph has them, or why it cannot be.
 * @throws HybridRAGError `not_found` with the nearest names, `invalid_input`, `conflict`.
 */
export async function changeOf(
  reads: Reads,
  scope: Scope,
  request: CheckedEditRequest,
  edits: readonly GraphEdit[],
  options?: CallOptions,
): Promise<GraphChange> {
  const find = (name: string): Promise<Entity> => {
    refuseDeleted(name, edits);
    return findEntity(reads.graph, scope, name, options);
  };
  const entity = await find(request.entity);
  switch (request.kind) {
    case "merge":
      return mergeOf(entity, await find(request.into));
    case "rename":
      return renameOf(
        entity,
        request,
        await ownerOf(reads, scope, request.name, entity.normalized_name, edits, options),
      );
    case "split":
      return splitOf(reads, scope, entity, request, edits, options);
    case "delete":
      return { kind: "delete", entity: entity.normalized_name };
  }
}

function refuseDeleted(name: string, edits: readonly GraphEdit[]): void {
  const key = nameKey(name);
  const names = editedNames(edits);
  if (names.entityOf(key) !== null) return;
  const { edit_id } = names.editsOf(key).at(-1)!;
  throw new HybridRAGError("not_found", `“${name}” was deleted; to have it back, undo the edit ${edit_id}.`, {
    details: { edit_id },
  });
}

function mergeOf(entity: Entity, into: Entity): GraphChange {
  if (entity.normalized_name !== into.normalized_name) {
    return { kind: "merge", entity: entity.normalized_name, into: into.normalized_name };
  }
  throw new HybridRAGError("invalid_input", `Both names are of one entity, “${into.name}”, already.`, {
    details: { path: "/into" },
  });
}

/** Who has a name now: null for a name that is free. */
interface NameOwner {
  readonly key: string;
  /** The entity that the name finds, whether a passage mentions it or not; null when it was deleted. */
  readonly entity: string | null;
  readonly isTaken: boolean;
  /** The edit that gave the name away, or deleted what it found. */
  readonly editId: string | null;
}

/** @param own the entity that may keep its name. */
async function ownerOf(
  { graph }: Reads,
  scope: Scope,
  name: string,
  own: string | null,
  edits: readonly GraphEdit[],
  options?: CallOptions,
): Promise<NameOwner> {
  const plain = nameKey(name);
  const whole = bracketedKey(name);
  if (plain === "") {
    throw new HybridRAGError("invalid_input", "A name needs a letter or a digit.", { details: { path: "/name" } });
  }
  const owner = await ownerOfKey({ graph }, scope, plain, edits, options);
  // "Mercury (planet)" is free where there is a Mercury.
  if (!owner.isTaken || whole === null || owner.entity === own) return owner;
  return ownerOfKey({ graph }, scope, whole, edits, options);
}

async function ownerOfKey(
  { graph }: Pick<Reads, "graph">,
  scope: Scope,
  key: string,
  edits: readonly GraphEdit[],
  options?: CallOptions,
): Promise<NameOwner> {
  const names = editedNames(edits);
  const entity = names.entityOf(key);
  if (entity !== key) {
    const given = names.editsOf(key);
    return { key, entity, isTaken: true, editId: given.at(entity === null ? -1 : 0)!.edit_id };
  }
  return { key, entity, isTaken: (await graph.entities(scope, [key], options)).length > 0, editId: null };
}

function renameOf(entity: Entity, { name }: Request<"rename">, owner: NameOwner): GraphChange {
  const { normalized_name } = entity;
  if (name === entity.name) {
    throw new HybridRAGError("invalid_input", `It is called “${name}” already.`, { details: { path: "/name" } });
  }
  if (owner.isTaken && owner.entity !== normalized_name) throw taken(name, owner);
  return { kind: "rename", entity: normalized_name, into: owner.key, name };
}

function taken(name: string, { entity, editId }: NameOwner): HybridRAGError {
  if (editId === null) {
    return new HybridRAGError("conflict", `There is an entity “${name}”; merge the two if they are one.`, {
      details: { entity },
    });
  }
  const why = entity === null ? "is the name of a deleted entity" : `is another name of “${entity}”`;
  return new HybridRAGError("conflict", `“${name}” ${why} by the edit ${editId}: undo that one or take another name.`, {
    details: { entity, edit_id: editId },
  });
}

async function splitOf(
  reads: Reads,
  scope: Scope,
  entity: Entity,
  request: Request<"split">,
  edits: readonly GraphEdit[],
  options?: CallOptions,
): Promise<GraphChange> {
  const { name, chunk_ids, document_ids, spellings } = request;
  if (chunk_ids.length + document_ids.length + spellings.length === 0) {
    throw new HybridRAGError("invalid_input", "Say which mentions leave: by passage, by document or by spelling.", {
      details: { path: "/chunk_ids" },
    });
  }
  const owner = await ownerOf(reads, scope, name, null, edits, options);
  if (owner.isTaken) throw taken(name, owner);
  await checkSelection(reads, scope, entity, request, options);
  const { normalized_name } = entity;
  return { kind: "split", entity: normalized_name, into: owner.key, name, chunk_ids, document_ids, spellings };
}

/** What is said to leave must be there, and something must stay. */
async function checkSelection(
  { graph, chunks }: Reads,
  scope: Scope,
  { normalized_name, name, provenance }: Entity,
  { chunk_ids, document_ids, spellings }: Request<"split">,
  options?: CallOptions,
): Promise<void> {
  const mentions = (await graph.mentions(scope, provenance, options)).filter((one) => one.entity === normalized_name);
  const written = new Set(mentions.map((mention) => mention.name));
  const own = new Set(provenance);
  refuseUnknown(name, "chunk_ids", chunk_ids, own);
  refuseUnknown(name, "spellings", spellings, written);
  const leaving = new Set(chunk_ids);
  const mentioning = new Set<string>();
  for (const documentId of document_ids) {
    for (const { chunk_id } of await chunks.ofDocument(scope, documentId, options)) {
      leaving.add(chunk_id);
      if (own.has(chunk_id)) mentioning.add(documentId);
    }
  }
  refuseUnknown(name, "document_ids", document_ids, mentioning);
  if (mentions.some((mention) => !leaving.has(mention.chunk_id) && !spellings.includes(mention.name))) return;
  throw new HybridRAGError("conflict", `Nothing would be left of “${name}”; rename it instead.`, {
    details: { entity: normalized_name },
  });
}

function refuseUnknown(
  name: string,
  field: "chunk_ids" | "document_ids" | "spellings",
  given: readonly string[],
  known: ReadonlySet<string>,
): void {
  const unknown = given.filter((one) => !known.has(one));
  if (unknown.length === 0) return;
  const what = {
    chunk_ids: "is not mentioned in the passages",
    document_ids: "is not mentioned in the documents",
    spellings: "is nowhere written",
  }[field];
  throw new HybridRAGError("not_found", `“${name}” ${what} ${unknown.join(", ")}.`, {
    details: { path: `/${field}`, unknown },
  });
}
