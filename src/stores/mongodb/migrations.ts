import { type Db, type Document } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import { collectionSchemas } from "./collection-schemas.ts";
import { keyOfDefinition } from "./definition-key.ts";
import type { IndexStep } from "./index-plan.ts";
import { collections } from "./names.ts";

/** What was done once to data of an earlier version, in the order of the numbers; `index_state` keeps which and when. */
interface Migration {
  readonly version: number;
  /** For people. */
  readonly words: string;
  run(db: Db): Promise<void>;
}

const migrations: readonly Migration[] = [
  { version: 1, words: "collections that are there already get the validators of this version", run: applyValidators },
];

const latest = migrations.at(-1)!.version;
const formatId = "format";

interface Format {
  readonly _id: typeof formatId;
  readonly version: number;
  readonly migrations: readonly { readonly version: number; readonly words: string; readonly at: Date }[];
}

const stateOf = (db: Db) => db.collection<Format>(collections.state);

/** Data without a number are of the time before numbers. */
async function versionOf(db: Db): Promise<number> {
  return (await stateOf(db).findOne({ _id: formatId }))?.version ?? 0;
}

/** @throws HybridRAGError `data_newer`: what a newer version wrote may mean something else. */
export async function requireKnownFormat(db: Db): Promise<void> {
  const version = await versionOf(db);
  if (version <= latest) return;
  throw new HybridRAGError(
    "data_newer",
    `The database was written by a newer version (format ${version}, this one knows ${latest}); upgrade HybridRAG.`,
    { details: { stored: version, known: latest } },
  );
}

export async function migrationSteps(db: Db): Promise<readonly IndexStep[]> {
  const isNew = (await db.listCollections({ name: collections.documents }).toArray()).length === 0;
  return (await pending(db)).map(({ version, words }) => ({
    action: isNew ? "create" : "update",
    index: "format",
    collection: collections.state,
    words: `format ${version}: ${words}`,
  }));
}

const pending = async (db: Db): Promise<readonly Migration[]> => {
  const version = await versionOf(db);
  return migrations.filter((migration) => migration.version > version);
};

/** Each may run twice, where two servers start at once; it is recorded once. */
export async function migrate(db: Db, now: () => number): Promise<readonly IndexStep[]> {
  const steps = await migrationSteps(db);
  for (const { version, words, run } of await pending(db)) {
    await run(db);
    const state = stateOf(db);
    await state.updateOne({ _id: formatId }, { $setOnInsert: { version: 0, migrations: [] } }, { upsert: true });
    await state.updateOne(
      { _id: formatId, version: version - 1 },
      { $set: { version }, $push: { migrations: { version, words, at: new Date(now()) } } },
    );
  }
  return steps;
}

/** Collections are made with them; those of an earlier version may have others, or none. */
async function applyValidators(db: Db): Promise<void> {
  for (const { name, options } of (await db.listCollections().toArray()) as readonly ListedCollection[]) {
    const schema = collectionSchemas[name];
    if (schema === undefined) continue;
    const validator = { $jsonSchema: schema };
    if (keyOfDefinition(options?.validator) !== keyOfDefinition(validator))
      await db.command({ collMod: name, validator });
  }
}

interface ListedCollection {
  readonly name: string;
  readonly options?: { readonly validator?: Document };
}
