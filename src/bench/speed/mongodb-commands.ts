import { Collection, type Db, type Document } from "mongodb";

/** A read of the driver, as the store asked for it. */
export interface Recorded {
  readonly kind: "aggregate" | "find";
  readonly collection: string;
  readonly query: Document | Document[];
  /** Of a `find`. */
  readonly projection: Document | undefined;
}

/** What was under way at once; the next stage began when something of it had come back. */
export type Stage = readonly Recorded[];

/** What is read while this runs, noted where the driver is called: the driver itself tells of commands, not of calls. */
export async function recordCommands(run: () => Promise<unknown>): Promise<readonly Stage[]> {
  const stages: Recorded[][] = [];
  let isOver = true;
  const note = (one: Recorded, cursor: { toArray: () => Promise<unknown[]> }): ((changed: Recorded) => void) => {
    if (isOver) stages.push([]);
    isOver = false;
    const stage = stages.at(-1)!;
    const place = stage.push(one) - 1;
    const { toArray } = cursor;
    cursor.toArray = async () => {
      const found = await toArray.call(cursor);
      isOver = true;
      return found;
    };
    return (changed) => {
      stage[place] = changed;
    };
  };
  const { aggregate, find } = Collection.prototype;
  Collection.prototype.aggregate = function (this: Collection, pipeline = [], options) {
    const cursor = aggregate.call(this, pipeline, options);
    const query = [...pipeline];
    note({ kind: "aggregate", collection: this.collectionName, query, projection: undefined }, cursor);
    return cursor as never;
  };
  Collection.prototype.find = function (this: Collection, filter: Document = {}, options?: Document) {
    const cursor = find.call(this, filter, options as never);
    const { project } = cursor;
    const one = { kind: "find", collection: this.collectionName, query: filter, projection: undefined } as const;
    const change = note(one, cursor);
    cursor.project = ((projection: Document) => {
      change({ ...one, projection });
      return project.call(cursor, projection);
    }) as never;
    return cursor as never;
  } as never;
  try {
    await run();
  } finally {
    Object.assign(Collection.prototype, { aggregate, find });
  }
  return stages;
}

/** Only what searches: stages of other reads alone fall away. */
export const searchesOf = (stages: readonly Stage[]): readonly Stage[] =>
  stages.map((stage) => stage.filter(isSearch)).filter((stage) => stage.length > 0);

const isSearch = ({ query }: Recorded): boolean =>
  Array.isArray(query) && query[0] !== undefined && ("$search" in query[0] || "$vectorSearch" in query[0]);

/** Stage after stage, each at once: as the store did. */
export async function replay(db: Db, stages: readonly Stage[]): Promise<void> {
  const run = ({ kind, collection, query, projection }: Recorded): Promise<unknown> => {
    const rows = db.collection(collection);
    if (kind === "aggregate") return rows.aggregate(query as Document[], { batchSize: 1000 }).toArray();
    const cursor = rows.find(query as Document, { batchSize: 1000 });
    return (projection === undefined ? cursor : cursor.project(projection)).toArray();
  };
  for (const stage of stages) await Promise.all(stage.map(run));
}
