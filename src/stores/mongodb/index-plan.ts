import { MongoServerError, type Db } from "mongodb";
import { HybridRAGError } from "../../errors.ts";
import { checkSupportingIndex } from "./check-definition.ts";
import { limitsOfSharedClusters } from "./cluster-limits.ts";
import { collectionSchemas } from "./collection-schemas.ts";
import { definitionDifference } from "./definition-difference.ts";
import { keyOfDefinition } from "./definition-key.ts";
import { supportingIndexes, type SearchIndexSpec, type SupportingIndex } from "./indexes.ts";
import { collections } from "./names.ts";
import type { ListedIndex, SearchProfile } from "./search-profile.ts";

/** One difference between what the settings ask for and what the cluster has. */
export interface IndexStep {
  readonly action: "create" | "update" | "keep" | "wait" | "drop" | "limit" | "shard" | "reembed";
  readonly index: string;
  readonly collection: string;
  /** What is to be done and why, for people. */
  readonly words: string;
}

const indexName = ({ key }: SupportingIndex): string =>
  Object.entries(key)
    .map(([path, direction]) => `${path}_${direction}`)
    .join("_");

/** Creates collections that search indexes and transactions need to exist. */
export async function createCollections(db: Db): Promise<void> {
  const known = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map((one) => one.name));
  for (const name of Object.values(collections)) {
    if (known.has(name)) continue;
    try {
      const schema = collectionSchemas[name];
      await db.createCollection(name, schema === undefined ? {} : { validator: { $jsonSchema: schema } });
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === 48)) throw error;
    }
  }
}

/** Search indexes of another embedder that come beside those of the settings, and those that give way to them. */
export interface OtherIndexes {
  readonly added: readonly SearchIndexSpec[];
  readonly dropped: readonly string[];
}

/** The difference in words, before anything is changed. */
export async function planIndexes(
  db: Db,
  profile: SearchProfile,
  { added, dropped }: OtherIndexes,
): Promise<readonly IndexStep[]> {
  const supporting = await Promise.all(supportingIndexes.map((index) => supportingStep(db, index)));
  const listed = await profile.listWhereSearched();
  if (listed === null) return [withoutSearch, ...supporting];
  const search = profile.specs.map((spec) =>
    searchStep(
      spec,
      listed.find((index) => index.name === spec.name),
    ),
  );
  const limits = limitsOfSharedClusters(
    [...profile.specs, ...added],
    listed.map((index) => index.name).filter((name) => !dropped.includes(name)),
  ).map((words): IndexStep => ({ action: "limit", index: "*", collection: collections.chunks, words }));
  return [...limits, ...search, ...supporting];
}

const withoutSearch: IndexStep = {
  action: "limit",
  index: "*",
  collection: collections.chunks,
  words:
    "this MongoDB has no search, so no search index is built and every search is refused; use Atlas, or 8.2 with mongot",
};

function searchStep(spec: SearchIndexSpec, listed: ListedIndex | undefined): IndexStep {
  const step = (action: IndexStep["action"], words: string): IndexStep => ({
    action,
    index: spec.name,
    collection: collections.chunks,
    words,
  });
  if (listed === undefined)
    return step("create", `create the ${spec.type} index ${spec.name}; it is built in the background`);
  if (listed.status === "FAILED")
    return step(
      "update",
      `${spec.name} failed (${listed.statusDetail?.[0]?.message ?? "no reason given"}); build it again`,
    );
  if (keyOfDefinition(listed.latestDefinition) !== keyOfDefinition(spec.definition))
    return step(
      "update",
      `change ${spec.name}${differenceWords(listed, spec)}; it answers as it is until that is built`,
    );
  if (listed.status !== "READY") return step("wait", `${spec.name} is ${listed.status ?? "unknown"}`);
  return step("keep", `${spec.name} is as it should be`);
}

function differenceWords({ latestDefinition }: ListedIndex, { definition }: SearchIndexSpec): string {
  const differences = definitionDifference(latestDefinition ?? {}, definition);
  return differences.length === 0 ? "" : ` (${differences.join("; ")})`;
}

async function supportingStep(db: Db, index: SupportingIndex): Promise<IndexStep> {
  const name = indexName(index);
  const step = { index: name, collection: index.collection };
  const known = await existing(db, index.collection);
  return known.includes(name)
    ? { ...step, action: "keep", words: `${index.collection}.${name} is there` }
    : { ...step, action: "create", words: `create ${index.collection}.${name}` };
}

async function existing(db: Db, collection: string): Promise<readonly string[]> {
  try {
    return (await db.collection(collection).indexes()).map((index) => String(index["name"]));
  } catch (error) {
    if (error instanceof MongoServerError && error.code === 26) return [];
    throw error;
  }
}

/** Creates and updates what the plan says. Search indexes are built in the background: see `waitForIndexes`. */
export async function applyIndexes(db: Db, profile: SearchProfile): Promise<readonly IndexStep[]> {
  for (const index of supportingIndexes) {
    checkSupportingIndex(index);
    await db.collection(index.collection).createIndex({ ...index.key }, { ...index.options, name: indexName(index) });
  }
  const listed = await profile.listWhereSearched();
  if (listed === null) return [withoutSearch];
  const chunks = db.collection(collections.chunks);
  const steps: IndexStep[] = [];
  for (const spec of profile.specs) {
    const step = searchStep(
      spec,
      listed.find((one) => one.name === spec.name),
    );
    steps.push(step);
    const { name, type, definition } = spec;
    if (step.action === "create") await chunks.createSearchIndex({ name, type, definition: { ...definition } });
    if (step.action !== "update") continue;
    const before = listed.find((one) => one.name === name)?.latestDefinition;
    if (before !== undefined && keyOfDefinition(before) !== keyOfDefinition(definition))
      await remember(db, name, before);
    await chunks.updateSearchIndex(name, { ...definition });
  }
  profile.doubt();
  return steps;
}

const historyId = (index: string): string => `definition:${index}`;

/** Keeps the definition that an update replaces, so that it can be gone back to. */
async function remember(db: Db, index: string, definition: Readonly<Record<string, unknown>>): Promise<void> {
  const state = db.collection<{ _id: string; definition: string }>(collections.state);
  const row = { definition: JSON.stringify(definition) };
  await state.replaceOne({ _id: historyId(index) }, row, { upsert: true });
}

/** Goes back to the definitions before the last update; what was never changed stays. */
export async function rollbackIndexes(db: Db, profile: SearchProfile): Promise<readonly IndexStep[]> {
  const state = db.collection<{ _id: string; definition: string }>(collections.state);
  const listed = await profile.list();
  const steps: IndexStep[] = [];
  for (const { name } of profile.specs) {
    const step = { index: name, collection: collections.chunks };
    const kept = await state.findOne({ _id: historyId(name) });
    if (kept === null) {
      steps.push({ ...step, action: "keep", words: `${name} was never changed; there is nothing to go back to` });
      continue;
    }
    const present = listed.find((one) => one.name === name)?.latestDefinition;
    await db.collection(collections.chunks).updateSearchIndex(name, JSON.parse(kept.definition) as object);
    if (present === undefined) await state.deleteOne({ _id: kept._id });
    else await remember(db, name, present);
    steps.push({ ...step, action: "update", words: `${name} goes back to its definition before the last change` });
  }
  profile.doubt();
  return steps;
}

/** One search index in words: what it is, whether it answers, and what is wrong. */
export interface IndexStatus {
  readonly index: string;
  readonly status: string;
  readonly queryable: boolean;
  /** It is defined as the settings ask for. */
  readonly isCurrent: boolean;
  readonly words: string;
}

const statusWords: Readonly<Record<string, string>> = {
  PENDING: "waits to be built",
  BUILDING: "is being built; an older definition answers meanwhile, if there was one",
  READY: "is ready",
  STALE: "answers, but no longer follows the writes: the search node is out of disk or the index is too large",
  FAILED: "failed to build",
  DELETING: "is being removed",
  DOES_NOT_EXIST: "does not exist",
};

/** @param others indexes beside those in use. */
export async function indexStatus(
  profile: SearchProfile,
  others: readonly SearchIndexSpec[],
): Promise<readonly IndexStatus[]> {
  const listed = await profile.list();
  return [...profile.specs, ...others].map((spec) => {
    const found = listed.find((one) => one.name === spec.name);
    const status = found?.status ?? "DOES_NOT_EXIST";
    const detail = found?.statusDetail?.find((host) => host.message)?.message;
    const isCurrent =
      found !== undefined && keyOfDefinition(found.latestDefinition) === keyOfDefinition(spec.definition);
    const words = `${spec.name} ${statusWords[status] ?? status}${detail === undefined ? "" : `: ${detail}`}`;
    return { index: spec.name, status, queryable: found?.queryable === true, isCurrent, words };
  });
}

/** Waits until every search index is READY, queryable and as defined. */
export async function waitForIndexes(
  profile: SearchProfile,
  options: {
    readonly timeoutMs: number;
    readonly pause: (milliseconds: number) => Promise<void>;
    /** By default those of the settings. */
    readonly specs?: readonly SearchIndexSpec[];
  },
): Promise<void> {
  const { specs = profile.specs } = options;
  const end = performance.now() + options.timeoutMs;
  let waitMs = 50;
  for (;;) {
    const listed = await profile.list();
    const missing = specs.filter((spec) => !isReady(spec, listed));
    if (missing.length === 0) return;
    const failed = listed.find(
      (index) => index.status === "FAILED" && missing.some((spec) => spec.name === index.name),
    );
    if (failed !== undefined || performance.now() > end) {
      const names = missing.map((spec) => spec.name);
      const why = failed ? `failed: ${failed.statusDetail?.[0]?.message ?? "no reason given"}` : "is not ready in time";
      throw new HybridRAGError(
        failed ? "index_failed" : "not_ready",
        `The search index ${failed?.name ?? names.join(", ")} ${why}.`,
        {
          details: { indexes: names },
          retryable: failed === undefined,
        },
      );
    }
    await options.pause(waitMs);
    waitMs = Math.min(5000, waitMs * 2);
  }
}

const isReady = (spec: SearchIndexSpec, listed: readonly ListedIndex[]): boolean => {
  const found = listed.find((index) => index.name === spec.name);
  return (
    found?.status === "READY" &&
    found.queryable === true &&
    keyOfDefinition(found.latestDefinition) === keyOfDefinition(spec.definition)
  );
};
