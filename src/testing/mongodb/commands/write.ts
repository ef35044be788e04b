import { ObjectId } from "bson";
import { namespaceOf, statement, writable, type Call } from "../call.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { applyUpdate, compileQuery, isModifier, upsertBase } from "../query.ts";
import type { Collection, Transaction } from "../storage.ts";
import { asDoc, asDocs, asNumber, cloneValue, keyOf, sortDocs, type Doc } from "../value.ts";
import { project } from "./read.ts";

/** Runs a list of statements, collecting what failed; in order, the first failure ends it. */
async function eachStatement(
  call: Call,
  statements: readonly Doc[],
  run: (statement: Doc, view: Transaction, index: number) => void,
): Promise<Doc> {
  const writeErrors: Doc[] = [];
  for (const [index, part] of statements.entries()) {
    try {
      await statement(call, (view) => run(part, view, index));
    } catch (error) {
      if (!(error instanceof ServerError) || (call.transaction && error.codeName !== "DuplicateKey")) throw error;
      writeErrors.push({ index, code: error.code, errmsg: error.message, ...error.extra });
      if (call.transaction) call.state.sessions.abortOf(call.command);
      if (call.command["ordered"] !== false || call.transaction) break;
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
}

export async function insert(call: Call): Promise<Doc> {
  const collection = writable(call);
  let n = 0;
  const failed = await eachStatement(call, asDocs(call.command["documents"]), (document, view) => {
    const complete = document["_id"] === undefined ? { _id: new ObjectId(), ...document } : document;
    const id = keyOf(complete["_id"]);
    if (collection.get(id, view) !== null) throw duplicateId(collection, complete["_id"]);
    collection.write(id, cloneValue(complete), view);
    n += 1;
  });
  return { n, ...failed, ok: 1 };
}

/** Ids and documents that match, in the order of `sort` or of the collection. */
function matching(
  collection: Collection,
  filter: Doc,
  view: Transaction,
  sort: Doc = {},
  limit = Infinity,
): readonly (readonly [string, Doc])[] {
  const query = compileQuery(filter);
  const found: (readonly [string, Doc])[] = [];
  const sorted = Object.keys(sort).length > 0;
  for (const entry of collection.documents(view, filter)) {
    if (!query.test(entry[1])) continue;
    found.push(entry);
    if (!sorted && found.length >= limit) break;
  }
  if (!sorted) return found;
  const ids = new Map(found.map(([id, document]) => [document, id]));
  return sortDocs(
    found.map((entry) => entry[1]),
    sort,
  )
    .slice(0, limit)
    .map((document) => [ids.get(document)!, document] as const);
}

interface Upserted {
  readonly index: number;
  readonly _id: unknown;
}

export async function update(call: Call): Promise<Doc> {
  const collection = writable(call);
  const counts = { n: 0, nModified: 0 };
  const upserted: Upserted[] = [];
  const failed = await eachStatement(call, asDocs(call.command["updates"]), (part, view, index) => {
    refuse(part, ["collation", "c", "sampleRate"]);
    const filter = asDoc(part["q"]);
    const multi = part["multi"] === true;
    if (multi && !Array.isArray(part["u"]) && !isModifier(asDoc(part["u"])))
      throw new ServerError("FailedToParse", "multi update is not supported for replacement-style update");
    const found = matching(collection, filter, view, asDoc(part["sort"]), multi ? Infinity : 1);
    const spec = { update: part["u"], arrayFilters: asDocs(part["arrayFilters"]) };
    for (const [id, document] of found) {
      counts.n += 1;
      if (change(collection, id, document, spec, view)) counts.nModified += 1;
    }
    if (found.length > 0 || part["upsert"] !== true) return;
    const inserted = insertFrom(collection, filter, spec, view);
    counts.n += 1;
    upserted.push({ index, _id: inserted["_id"] });
  });
  return { ...counts, ...(upserted.length > 0 ? { upserted } : {}), ...failed, ok: 1 };
}

function refuse(part: Doc, options: readonly string[]): void {
  const found = options.find((name) => part[name] !== undefined);
  if (found !== undefined) throw notImplemented(`the option ${found}`);
}

type Change = Parameters<typeof applyUpdate>[1];

function change(collection: Collection, id: string, document: Doc, spec: Change, view: Transaction): boolean {
  const after = applyUpdate(document, spec, false);
  if (keyOf(after) === keyOf(document)) return false;
  collection.write(id, after, view);
  return true;
}

function insertFrom(collection: Collection, filter: Doc, spec: Change, view: Transaction): Doc {
  const made = applyUpdate(upsertBase(filter), spec, true);
  const { _id = new ObjectId(), ...rest } = made;
  const complete = { _id, ...rest };
  const id = keyOf(_id);
  if (collection.get(id, view) !== null) throw duplicateId(collection, _id);
  collection.write(id, complete, view);
  return complete;
}

const duplicateId = (collection: Collection, id: unknown): ServerError =>
  new ServerError("DuplicateKey", `E11000 duplicate key error collection: ${collection.name} index: _id_`, {
    extra: { keyPattern: { _id: 1 }, keyValue: { _id: id } },
  });

export async function remove(call: Call): Promise<Doc> {
  // Unlike an insert or an upsert, a removal makes no collection.
  const collection = call.state.storage.collection(namespaceOf(call));
  if (collection === null) return { n: 0, ok: 1 };
  let n = 0;
  const failed = await eachStatement(call, asDocs(call.command["deletes"]), (part, view) => {
    refuse(part, ["collation"]);
    const limit = asNumber(part["limit"], 0) === 1 ? 1 : Infinity;
    for (const [id] of matching(collection, asDoc(part["q"]), view, {}, limit)) {
      collection.write(id, null, view);
      n += 1;
    }
  });
  return { n, ...failed, ok: 1 };
}

export function findAndModify(call: Call): Promise<Doc> {
  const { command } = call;
  refuse(command, ["collation"]);
  const collection = writable(call);
  const filter = asDoc(command["query"]);
  const fields = asDoc(command["fields"]);
  const shown = (document: Doc | null): Doc | null =>
    document === null ? null : (project([document], fields)[0] ?? null);
  return statement(call, (view) => {
    const [entry] = matching(collection, filter, view, asDoc(command["sort"]), 1);
    if (command["remove"] === true) {
      if (entry) collection.write(entry[0], null, view);
      return { lastErrorObject: { n: entry ? 1 : 0 }, value: shown(entry?.[1] ?? null), ok: 1 };
    }
    const spec = { update: command["update"], arrayFilters: asDocs(command["arrayFilters"]) };
    if (entry) {
      const after = applyUpdate(entry[1], spec, false);
      collection.write(entry[0], after, view);
      const value = shown(command["new"] === true ? after : entry[1]);
      return { lastErrorObject: { n: 1, updatedExisting: true }, value, ok: 1 };
    }
    if (command["upsert"] !== true) return { lastErrorObject: { n: 0, updatedExisting: false }, value: null, ok: 1 };
    const made = insertFrom(collection, filter, spec, view);
    const value = command["new"] === true ? shown(made) : null;
    return { lastErrorObject: { n: 1, updatedExisting: false, upserted: made["_id"] }, value, ok: 1 };
  });
}

/** Removes what a TTL index says has expired, as the server's monitor does. */
export function expire(collection: Collection, now: number, call: Pick<Call, "state">): number {
  let removed = 0;
  const view = call.state.storage.begin(false);
  for (const { spec, partial } of collection.indexes.values()) {
    if (spec.expireAfterSeconds === null || Object.keys(spec.key).length !== 1) continue;
    const field = Object.keys(spec.key)[0]!;
    if (field === "_id") continue;
    for (const [id, document] of collection.documents(view)) {
      if (partial !== null && !partial.test(document)) continue;
      const value = document[field];
      const dates = (Array.isArray(value) ? value : [value]).filter((part): part is Date => part instanceof Date);
      const earliest = Math.min(...dates.map((date) => date.getTime()));
      if (earliest + spec.expireAfterSeconds * 1000 > now || dates.length === 0) continue;
      collection.write(id, null, view);
      removed += 1;
    }
  }
  call.state.storage.commit(view);
  return removed;
}
