import { ObjectId } from "bson";
import { ServerError } from "../fault.ts";
import type { Faults } from "../faults.ts";
import type { Profile } from "../profile.ts";
import type { Collection, Storage } from "../storage.ts";
import { asDoc, asDocs, asText, cloneValue, keyOf, type Doc } from "../value.ts";
import { parseDefinition, type Definition } from "./definition.ts";
import { SearchIndexData } from "./search-index.ts";

interface Build {
  readonly definition: Definition;
  readonly data: SearchIndexData;
  readonly readyAt: number;
  readonly version: number;
}

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly collection: Collection;
  /** What answers queries; null before the first build is ready. */
  live: Build | null;
  /** What is being built; it becomes live when its time has come. */
  staged: Build | null;
  failure: string | null;
  /** It answers, and no longer takes in changes. */
  isStale: boolean;
  createdAt: Date;
  readonly changes: { readonly at: number; readonly id: string }[];
  readonly stop: () => void;
}

export interface SearchTiming {
  readonly now: () => number;
  /** How long a build takes; definitions are checked at once all the same. */
  readonly buildMs: number;
}

/** All search indexes: built in the background, fed with changes after the lag, listed as `$listSearchIndexes` does. */
export class SearchCatalogue {
  readonly processId = new ObjectId();
  private readonly entries = new Map<string, Entry>();
  private readonly storage: Storage;
  private readonly profile: Profile;
  private readonly faults: Faults;
  private readonly timing: SearchTiming;

  constructor(storage: Storage, profile: Profile, faults: Faults, timing: SearchTiming) {
    this.storage = storage;
    this.profile = profile;
    this.faults = faults;
    this.timing = timing;
  }

  private requireSearch(): void {
    if (!this.profile.search)
      throw new ServerError("SearchNotEnabled", "Atlas Search or mongot is needed for search index commands.");
  }

  create(namespace: string, specs: readonly Doc[]): Doc {
    this.requireSearch();
    const collection = this.storage.collection(namespace);
    if (!collection) throw new ServerError("NamespaceNotFound", `Collection '${namespace}' does not exist.`);
    const parsed = specs.map((spec) => ({
      name: asText(spec["name"]) || "default",
      definition: parseDefinition(
        asText(spec["type"]) || "search",
        asDoc(spec["definition"]),
        this.profile.vectorOperator,
      ),
    }));
    for (const { name, definition } of parsed) this.refuseConflict(namespace, name, definition);
    const created = parsed.map(({ name, definition }) => this.add(namespace, collection, name, definition));
    return { indexesCreated: created.map(({ id, name }) => ({ id, name })), ok: 1 };
  }

  private refuseConflict(namespace: string, name: string, definition: Definition): void {
    const existing = this.entries.get(`${namespace}/${name}`);
    if (existing && keyOf(this.newest(existing).definition.raw) !== keyOf(definition.raw))
      throw new ServerError("IndexAlreadyExists", `Index "${name}" already exists with another definition.`);
    const limit = this.profile.maxSearchIndexes;
    if (!existing && limit !== null && this.entries.size >= limit)
      throw new ServerError("BadValue", `The maximum number of FTS indexes has been reached for this instance size.`);
  }

  private add(namespace: string, collection: Collection, name: string, definition: Definition): Entry {
    const key = `${namespace}/${name}`;
    const existing = this.entries.get(key);
    if (existing) return existing;
    const changes: Entry["changes"] = [];
    const listener = (ids: readonly string[]): void => {
      const at = this.timing.now();
      for (const id of ids) changes.push({ at, id });
    };
    collection.listeners.add(listener);
    const entry: Entry = {
      id: new ObjectId().toHexString(),
      name,
      collection,
      live: null,
      staged: this.build(collection, definition, 0),
      failure: null,
      isStale: false,
      createdAt: new Date(this.timing.now()),
      changes,
      stop: () => collection.listeners.delete(listener),
    };
    this.entries.set(key, entry);
    return entry;
  }

  private build(collection: Collection, definition: Definition, version: number): Build {
    const data = new SearchIndexData(definition);
    for (const [id, document] of collection.documents(this.storage.begin(false))) data.put(id, document);
    return {
      definition,
      data,
      readyAt: this.timing.now() + (this.faults.searchBuildMs ?? this.timing.buildMs),
      version,
    };
  }

  update(namespace: string, name: string, id: string, definition: Doc): Doc {
    this.requireSearch();
    const entry = this.find(namespace, name, id);
    const parsed = parseDefinition(this.newest(entry).definition.kind, definition, this.profile.vectorOperator);
    entry.staged = this.build(entry.collection, parsed, this.newest(entry).version + 1);
    entry.failure = null;
    return { ok: 1 };
  }

  drop(namespace: string, name: string, id: string): Doc {
    this.requireSearch();
    const entry = this.find(namespace, name, id);
    entry.stop();
    this.entries.delete(`${namespace}/${entry.name}`);
    return { ok: 1 };
  }

  dropCollection(namespace: string): void {
    for (const [key, entry] of this.entries) {
      if (!key.startsWith(`${namespace}/`)) continue;
      entry.stop();
      this.entries.delete(key);
    }
  }

  /** Makes an index fail, as a build that runs out of disk does. */
  fail(namespace: string, name: string, message: string): void {
    this.find(namespace, name, "").failure = message;
  }

  /** Makes an index stop following the writes, as one that has grown too large does. */
  stale(namespace: string, name: string): void {
    this.find(namespace, name, "").isStale = true;
  }

  private find(namespace: string, name: string, id: string): Entry {
    const entry = [...this.entries].find(
      ([key, candidate]) =>
        key.startsWith(`${namespace}/`) && (candidate.id === id || (id === "" && candidate.name === name)),
    )?.[1];
    if (!entry) throw new ServerError("IndexNotFound", `Search index '${name || id}' cannot be found.`);
    return entry;
  }

  private newest(entry: Entry): Build {
    return (entry.staged ?? entry.live)!;
  }

  /** Takes in what the lag has let through, and switches to a finished build. */
  private advance(entry: Entry): void {
    if (entry.isStale) return;
    const horizon = this.timing.now() - this.faults.searchLagMs;
    let count = 0;
    while (count < entry.changes.length && entry.changes[count]!.at <= horizon) count += 1;
    for (const id of new Set(entry.changes.splice(0, count).map((change) => change.id))) {
      const document = entry.collection.latest(id);
      entry.live?.data.put(id, document);
      entry.staged?.data.put(id, document);
    }
    if (entry.staged && entry.failure === null && entry.staged.readyAt <= this.timing.now()) {
      entry.live = entry.staged;
      entry.staged = null;
    }
  }

  /** What a query reads: the index, why it is silent, or an error while there is nothing to read yet. */
  lookup(namespace: string, name: string): SearchIndexData | null {
    const entry = this.entries.get(`${namespace}/${name}`);
    if (!entry) return null;
    this.advance(entry);
    if (!entry.live || entry.failure !== null)
      throw new ServerError("InternalError", `cannot query search index ${name} while in state INITIAL_SYNC or FAILED`);
    return entry.live.data;
  }

  list(namespace: string, spec: Doc): readonly Doc[] {
    this.requireSearch();
    return [...this.entries]
      .filter(([key]) => key.startsWith(`${namespace}/`))
      .map(([, entry]) => entry)
      .filter((entry) => spec["name"] === undefined || spec["name"] === entry.name)
      .filter((entry) => spec["id"] === undefined || spec["id"] === entry.id)
      .map((entry) => this.describe(entry));
  }

  private describe(entry: Entry): Doc {
    this.advance(entry);
    const status = statusOf(entry);
    const queryable = entry.live !== null && entry.failure === null;
    const newest = this.newest(entry);
    return {
      id: entry.id,
      name: entry.name,
      type: newest.definition.kind,
      status,
      queryable,
      latestDefinitionVersion: { version: newest.version, createdAt: entry.createdAt },
      latestDefinition: cloneValue(newest.definition.raw),
      statusDetail: [
        {
          hostname: "mongot-0",
          status,
          queryable,
          ...(entry.live === null ? {} : { mainIndex: describeBuild(entry.live, "READY", true) }),
          ...(entry.staged === null ? {} : { stagedIndex: describeBuild(entry.staged, "PENDING", false) }),
          ...(entry.failure === null ? {} : { message: entry.failure }),
        },
      ],
    };
  }

  /** Documents written that search does not show yet, over all indexes. */
  behind(): number {
    return [...this.entries.values()].reduce((sum, entry) => sum + entry.changes.length, 0);
  }
}

function statusOf({ failure, isStale, staged, live }: Entry): string {
  if (failure !== null) return "FAILED";
  if (isStale) return "STALE";
  if (staged === null) return "READY";
  return live === null ? "PENDING" : "BUILDING";
}

const describeBuild = ({ definition, version }: Build, status: string, queryable: boolean): Doc => ({
  status,
  queryable,
  definitionVersion: { version },
  definition: cloneValue(definition.raw),
});

export const searchSpecs = (command: Doc): readonly Doc[] => asDocs(command["indexes"]);
