import { randomUUID } from "node:crypto";
import { ServerError } from "./fault.ts";
import { combine, entriesOf, parseIndexSpec, type IndexSpec } from "./index-spec.ts";
import { compileQuery, type Query } from "./query.ts";
import { keyOf, valuesAt, type Doc } from "./value.ts";

interface Version {
  readonly at: number;
  readonly document: Doc | null;
}

interface Row {
  versions: Version[];
  lockedBy: Transaction | null;
}

/** Someone else's transaction holds the row: a plain write waits for its end and tries again. */
export class Blocked extends Error {
  readonly until: Promise<void>;

  constructor(until: Promise<void>) {
    super("blocked by a transaction");
    this.until = until;
  }
}

/**
 * What one transaction, or one plain statement, sees and has written: everything committed before its snapshot, and
 * its own writes on top.
 */
export class Transaction {
  readonly snapshot: number;
  /** A transaction proper loses against another writer; a plain statement waits. */
  readonly multi: boolean;
  readonly writes = new Map<Collection, Map<string, Doc | null>>();
  /** Unique keys taken (id) or given up (null) by this transaction. */
  readonly keys = new Map<Collection, Map<string, string | null>>();
  readonly ended: Promise<void>;
  private release: () => void = () => undefined;

  constructor(snapshot: number, multi: boolean) {
    this.snapshot = snapshot;
    this.multi = multi;
    this.ended = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  end(): void {
    this.release();
  }
}

interface Index {
  readonly spec: IndexSpec;
  readonly partial: Query | null;
  /** Committed unique entries → id. */
  readonly owners: Map<string, string>;
  /** Entries claimed by an open transaction. */
  readonly claims: Map<string, Transaction>;
  /** First one, two, three fields → ids that ever had the value: a superset, so that reads need not scan. */
  readonly lookups: readonly { readonly fields: readonly string[]; readonly ids: Map<string, Set<string>> }[];
}

export type ChangeListener = (ids: readonly string[]) => void;

/** Documents in order of insertion, every version as long as a snapshot may need it. */
export class Collection {
  readonly name: string;
  readonly uuid = randomUUID();
  readonly listeners = new Set<ChangeListener>();
  readonly indexes = new Map<string, Index>();
  validator: Query | null = null;
  options: Doc = {};
  private readonly rows = new Map<string, Row>();

  constructor(name: string) {
    this.name = name;
    this.addIndex(parseIndexSpec({ key: { _id: 1 }, name: "_id_" }));
  }

  get(id: string, view: Transaction): Doc | null {
    const own = view.writes.get(this)?.get(id);
    if (own !== undefined) return own;
    return this.committed(id, view.snapshot);
  }

  private committed(id: string, at: number): Doc | null {
    const versions = this.rows.get(id)?.versions ?? [];
    for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.at <= at) return versions[i]!.document;
    return null;
  }

  latest(id: string): Doc | null {
    return this.committed(id, Number.MAX_SAFE_INTEGER);
  }

  /** Ids that may match a filter: by an index where it has equalities, else all. */
  *candidates(filter: Doc): Iterable<string> {
    const equalities = equalitiesOf(filter);
    let best: readonly Set<string>[] | null = null;
    let size = Infinity;
    for (const index of this.indexes.values()) {
      for (const lookup of index.lookups) {
        if (!lookup.fields.every((field) => equalities.has(field))) continue;
        const columns = lookup.fields.map((field) => equalities.get(field)!);
        if (columns.reduce((product, column) => product * column.length, 1) > 50_000) continue;
        const sets = combine(columns).flatMap((key) => lookup.ids.get(key) ?? []);
        const count = sets.reduce((sum, set) => sum + set.size, 0);
        if (count < size) [best, size] = [sets, count];
      }
    }
    if (best === null) return yield* this.rows.keys();
    const seen = new Set<string>();
    for (const set of best) for (const id of set) seen.add(id);
    yield* seen;
  }

  *documents(view: Transaction, filter: Doc = {}): Iterable<readonly [id: string, document: Doc]> {
    for (const id of this.candidates(filter)) {
      const document = this.get(id, view);
      if (document !== null) yield [id, document];
    }
    const own = view.writes.get(this);
    if (own) for (const [id, document] of own) if (document !== null && !this.rows.has(id)) yield [id, document];
  }

  /** Writes one document (null: deletes it) into the transaction; conflicts and duplicates are found here. */
  write(id: string, document: Doc | null, view: Transaction): void {
    const row = this.rows.get(id);
    if (row?.lockedBy && row.lockedBy !== view) throw this.conflict(row.lockedBy, view);
    if (view.multi && row && row.versions.at(-1)!.at > view.snapshot) throw writeConflict();
    const before = this.get(id, view);
    if (document !== null && this.validator !== null && !this.validator.test(document)) {
      throw new ServerError("DocumentValidationFailure", "Document failed validation", {
        extra: { errInfo: { failingDocumentId: document["_id"] } },
      });
    }
    this.claimUnique(id, before, document, view);
    const own = view.writes.get(this) ?? new Map<string, Doc | null>();
    view.writes.set(this, own.set(id, document));
    if (view.multi) {
      if (row) row.lockedBy = view;
      else this.rows.set(id, { versions: [{ at: 0, document: null }], lockedBy: view });
      if (document !== null) this.remember(id, document);
    }
  }

  private conflict(holder: Transaction, view: Transaction): Error {
    return view.multi ? writeConflict() : new Blocked(holder.ended);
  }

  private claimUnique(id: string, before: Doc | null, after: Doc | null, view: Transaction): void {
    const taken = view.keys.get(this) ?? new Map<string, string | null>();
    view.keys.set(this, taken);
    for (const index of this.indexes.values()) {
      if (!index.spec.unique) continue;
      const old = before === null ? [] : entriesOf(index.spec, before, index.partial);
      const now = after === null ? [] : entriesOf(index.spec, after, index.partial);
      for (const key of now) {
        const holder = index.claims.get(key);
        if (holder && holder !== view) throw this.conflict(holder, view);
        const name = `${index.spec.name}\u0002${key}`;
        const owner = taken.has(name) ? taken.get(name) : index.owners.get(key);
        if (owner !== undefined && owner !== null && owner !== id) throw duplicateKey(this.name, index.spec, after!);
      }
      for (const key of old) if (!now.includes(key)) taken.set(`${index.spec.name}\u0002${key}`, null);
      for (const key of now) taken.set(`${index.spec.name}\u0002${key}`, id);
      if (view.multi) for (const key of [...old, ...now]) index.claims.set(key, view);
    }
  }

  /** Makes a transaction's writes the newest versions. */
  apply(view: Transaction, at: number, oldestSnapshot: number): void {
    const writes = view.writes.get(this) ?? new Map<string, Doc | null>();
    for (const [id, document] of writes) {
      const row = this.rows.get(id) ?? { versions: [], lockedBy: null };
      const before = row.versions.at(-1)?.document ?? null;
      row.versions.push({ at, document });
      row.lockedBy = null;
      this.rows.set(id, row);
      this.reindex(id, before, document, view);
      this.prune(id, row, oldestSnapshot);
    }
    this.releaseClaims(view);
    if (writes.size > 0) for (const listener of this.listeners) listener([...writes.keys()]);
  }

  /** Forgets a transaction's writes. */
  discard(view: Transaction): void {
    for (const id of view.writes.get(this)?.keys() ?? []) {
      const row = this.rows.get(id);
      if (row?.lockedBy !== view) continue;
      row.lockedBy = null;
      if (row.versions.every((version) => version.document === null)) this.rows.delete(id);
    }
    this.releaseClaims(view);
  }

  private releaseClaims(view: Transaction): void {
    if (!view.multi) return;
    for (const index of this.indexes.values())
      for (const [key, holder] of index.claims) if (holder === view) index.claims.delete(key);
  }

  private reindex(id: string, before: Doc | null, after: Doc | null, view: Transaction): void {
    for (const index of this.indexes.values()) {
      if (!index.spec.unique) continue;
      if (before !== null)
        for (const key of entriesOf(index.spec, before, index.partial))
          if (index.owners.get(key) === id) index.owners.delete(key);
      if (after !== null) for (const key of entriesOf(index.spec, after, index.partial)) index.owners.set(key, id);
    }
    // A transaction proper did so as it wrote: its own reads go by the indexes too.
    if (after !== null && !view.multi) this.remember(id, after);
  }

  private remember(id: string, document: Doc): void {
    for (const index of this.indexes.values()) {
      for (const lookup of index.lookups) {
        for (const key of lookupKeys(lookup.fields, document)) {
          const ids = lookup.ids.get(key);
          if (ids) ids.add(id);
          else lookup.ids.set(key, new Set([id]));
        }
      }
    }
  }

  private prune(id: string, row: Row, oldestSnapshot: number): void {
    const keep = row.versions.findLastIndex((version) => version.at <= oldestSnapshot);
    const dropped = keep > 0 ? row.versions.splice(0, keep) : [];
    const gone = row.versions.length === 1 && row.versions[0]!.document === null;
    const alive = row.versions.flatMap((version): readonly Doc[] => (version.document ? [version.document] : []));
    for (const { document } of dropped) if (document !== null) this.forget(id, document, alive);
    if (gone) this.rows.delete(id);
  }

  private forget(id: string, document: Doc, alive: readonly Doc[]): void {
    for (const index of this.indexes.values()) {
      for (const lookup of index.lookups) {
        const kept = new Set(alive.flatMap((version) => lookupKeys(lookup.fields, version)));
        for (const key of lookupKeys(lookup.fields, document)) {
          if (kept.has(key)) continue;
          const ids = lookup.ids.get(key);
          ids?.delete(id);
          if (ids?.size === 0) lookup.ids.delete(key);
        }
      }
    }
  }

  addIndex(spec: IndexSpec): void {
    const partial = spec.partialFilterExpression ? compileQuery(spec.partialFilterExpression) : null;
    const fields = Object.keys(spec.key);
    const lookups = [1, 2, 3]
      .filter((count) => count <= fields.length && (count === fields.length || count > 1 || fields.length === 1))
      .map((count) => ({ fields: fields.slice(0, count), ids: new Map<string, Set<string>>() }));
    const index: Index = {
      spec,
      partial,
      owners: new Map(),
      claims: new Map(),
      lookups: partial === null ? lookups : [],
    };
    for (const [id, row] of this.rows) {
      const document = row.versions.at(-1)?.document;
      if (!document) continue;
      if (spec.unique) {
        for (const key of entriesOf(spec, document, partial)) {
          if (index.owners.has(key)) throw duplicateKey(this.name, spec, document);
          index.owners.set(key, id);
        }
      }
      for (const lookup of index.lookups)
        for (const key of lookupKeys(lookup.fields, document))
          lookup.ids.set(key, (lookup.ids.get(key) ?? new Set()).add(id));
    }
    this.indexes.set(spec.name, index);
  }
}

const writeConflict = (): ServerError =>
  new ServerError("WriteConflict", "Caused by :: Write conflict during plan execution and yielding is disabled.", {
    labels: ["TransientTransactionError"],
  });

function duplicateKey(namespace: string, spec: IndexSpec, document: Doc): ServerError {
  const keyValue = Object.fromEntries(Object.keys(spec.key).map((path) => [path, valuesAt(document, path)[0] ?? null]));
  return new ServerError(
    "DuplicateKey",
    `E11000 duplicate key error collection: ${namespace} index: ${spec.name} dup key: ${JSON.stringify(keyValue)}`,
    { extra: { keyPattern: spec.key, keyValue } },
  );
}

const lookupKeys = (fields: readonly string[], document: Doc): readonly string[] =>
  combine(
    fields.map((field) => {
      const values = valuesAt(document, field).flatMap((value): readonly unknown[] =>
        Array.isArray(value) ? [...value, value] : [value],
      );
      return values.length === 0 ? ["n"] : [...new Set(values.map(keyOf))];
    }),
  );

/** Fields that a filter holds to one value or a list of values; null and patterns are left to the test. */
function equalitiesOf(filter: Doc): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [name, condition] of Object.entries(filter)) {
    if (name === "$and" && Array.isArray(condition)) {
      for (const part of condition) for (const [field, keys] of equalitiesOf(part as Doc)) found.set(field, keys);
    } else if (!name.startsWith("$")) {
      const keys = equalKeys(condition);
      if (keys !== null) found.set(name, keys);
    }
  }
  return found;
}

function equalKeys(condition: unknown): readonly string[] | null {
  if (condition === null || condition === undefined || condition instanceof RegExp) return null;
  const plain = typeof condition !== "object" || Object.getPrototypeOf(condition) !== Object.prototype;
  if (plain) return Array.isArray(condition) ? null : [keyOf(condition)];
  const operators = condition as Doc;
  if (Object.hasOwn(operators, "$eq")) return equalKeys(operators["$eq"]);
  const list = operators["$in"];
  if (
    Array.isArray(list) &&
    list.every((value) => value !== null && !(value instanceof RegExp) && !Array.isArray(value))
  )
    return list.map(keyOf);
  return null;
}

/** A pipeline that is read like a collection. */
export interface View {
  readonly database: string;
  readonly viewOn: string;
  readonly pipeline: readonly Doc[];
}

/** All collections and views of all databases, and the clock that orders commits. */
export class Storage {
  readonly collections = new Map<string, Collection>();
  readonly views = new Map<string, View>();
  private readonly open = new Set<Transaction>();
  private clock = 1;

  collection(namespace: string): Collection | null {
    return this.collections.get(namespace) ?? null;
  }

  create(namespace: string): Collection {
    const existing = this.collections.get(namespace);
    if (existing) return existing;
    const made = new Collection(namespace);
    this.collections.set(namespace, made);
    return made;
  }

  begin(multi: boolean): Transaction {
    const transaction = new Transaction(this.clock, multi);
    if (multi) this.open.add(transaction);
    return transaction;
  }

  commit(transaction: Transaction): void {
    this.open.delete(transaction);
    this.clock += 1;
    const oldest = Math.min(this.clock, ...[...this.open].map((other) => other.snapshot));
    for (const collection of new Set([...transaction.writes.keys(), ...transaction.keys.keys()]))
      collection.apply(transaction, this.clock, oldest);
    transaction.end();
  }

  abort(transaction: Transaction): void {
    this.open.delete(transaction);
    for (const collection of new Set([...transaction.writes.keys(), ...transaction.keys.keys()]))
      collection.discard(transaction);
    transaction.end();
  }
}
