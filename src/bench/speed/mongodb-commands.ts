import { Collection, type Db, type Document } from "mongodb";

/** A read of the driver, as the store asked for it. */
export interface Recorded {
  readonly kind: "aggregate" | "find";
  readonly collection: string;
  readonly query: Document | Document[];
  /** Of a `find`. */
  readonly projection: Document | undefined;
}

/** What is read while this runs, noted where the driver is called: the driver itself tells of commands, not of calls. */
export async function recordCommands(run: () => Promise<unknown>): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  const { aggregate, find } = Collection.prototype;
  Collection.prototype.aggregate = function (this: Collection, pipeline = [], options) {
    recorded.push({ kind: "aggregate", collection: this.collectionName, query: [...pipeline], projection: undefined });
    return aggregate.call(this, pipeline, options) as never;
  };
  Collection.prototype.find = function (this: Collection, filter: Document = {}, options?: Document) {
    const cursor = find.call(this, filter, options as never);
    const { project } = cursor;
    const one = { kind: "find", collection: this.collectionName, query: filter, projection: undefined } as const;
    const place = recorded.push(one) - 1;
    cursor.project = ((projection: Document) => {
      recorded[place] = { ...one, projection };
      return project.call(cursor, projection);
    }) as never;
    return cursor as never;
  } as never;
  try {
    await run();
  } finally {
    Object.assign(Collection.prototype, { aggregate, find });
  }
  return recorded.filter(({ query }) => !Array.isArray(query) || isSearch(query));
}

const isSearch = ([first]: readonly Document[]): boolean =>
  first !== undefined && ("$search" in first || "$vectorSearch" in first);

/** The searches at once, then the other reads at once: as the store does. */
export async function replay(db: Db, recorded: readonly Recorded[]): Promise<void> {
  const run = ({ kind, collection, query, projection }: Recorded): Promise<unknown> => {
    const rows = db.collection(collection);
    if (kind === "aggregate") return rows.aggregate(query as Document[], { batchSize: 1000 }).toArray();
    const cursor = rows.find(query as Document, { batchSize: 1000 });
    return (projection === undefined ? cursor : cursor.project(projection)).toArray();
  };
  await Promise.all(recorded.filter(({ kind }) => kind === "aggregate").map(run));
  await Promise.all(recorded.filter(({ kind }) => kind === "find").map(run));
}
