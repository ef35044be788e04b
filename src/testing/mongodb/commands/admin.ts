import { namespaceOf, type Call } from "../call.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { describeIndex, parseIndexSpec, sameIndex, type IndexSpec } from "../index-spec.ts";
import { compileQuery } from "../query.ts";
import type { Collection } from "../storage.ts";
import { asDoc, asDocs, asNumber, asText, cloneValue, isDoc, keyOf, type Doc } from "../value.ts";
import { checkView } from "./pipeline.ts";

export function createCollection(call: Call): Doc {
  const namespace = namespaceOf(call);
  const { storage } = call.state;
  const refused = ["capped", "timeseries", "clusteredIndex", "collation"].find(
    (name) => call.command[name] !== undefined && call.command[name] !== false,
  );
  if (refused !== undefined) throw notImplemented(`collections with ${refused}`);
  if (storage.collection(namespace) ?? storage.views.get(namespace))
    throw new ServerError("NamespaceExists", `Collection ${namespace} already exists.`);
  if (call.command["viewOn"] !== undefined) return setView(call);
  setValidator(storage.create(namespace), call.command);
  return { ok: 1 };
}

/** Makes a view, or gives one another pipeline. */
function setView(call: Call): Doc {
  const { viewOn, pipeline = [], validator } = call.command;
  if (typeof viewOn !== "string" || viewOn === "") throw new ServerError("BadValue", "'viewOn' must name a collection");
  if (!Array.isArray(pipeline)) throw new ServerError("TypeMismatch", "'pipeline' must be an array");
  if (validator !== undefined) throw new ServerError("InvalidOptions", "a view has no validator");
  checkView(call, asDocs(pipeline));
  call.state.storage.views.set(namespaceOf(call), {
    database: call.database,
    viewOn,
    pipeline: asDocs(cloneValue(pipeline)),
  });
  return { ok: 1 };
}

function setValidator(collection: Collection, command: Doc): void {
  const validator = command["validator"];
  if (!isDoc(validator)) return;
  if (command["validationAction"] === "warn") throw notImplemented("validationAction warn");
  collection.validator = Object.keys(validator).length === 0 ? null : compileQuery(validator);
  collection.options = { ...collection.options, validator };
}

export function dropCollection(call: Call): Doc {
  const namespace = namespaceOf(call);
  if (call.state.storage.views.delete(namespace)) return { ns: namespace, ok: 1 };
  if (!call.state.storage.collections.delete(namespace)) throw new ServerError("NamespaceNotFound", "ns not found");
  call.state.search.dropCollection(namespace);
  return { ns: namespace, ok: 1 };
}

export function dropDatabase(call: Call): Doc {
  const { views } = call.state.storage;
  for (const [namespace, { database }] of views) if (database === call.database) views.delete(namespace);
  for (const namespace of call.state.storage.collections.keys()) {
    if (!namespace.startsWith(`${call.database}.`)) continue;
    call.state.storage.collections.delete(namespace);
    call.state.search.dropCollection(namespace);
  }
  return { dropped: call.database, ok: 1 };
}

export function listCollections(call: Call): Doc {
  const query = compileQuery(asDoc(call.command["filter"]));
  const { collections, views } = call.state.storage;
  const described = [
    ...[...collections].map(([namespace, { options }]) => ({ namespace, type: "collection", options })),
    ...[...views].map(([namespace, { viewOn, pipeline }]) => ({
      namespace,
      type: "view",
      options: { viewOn, pipeline: cloneValue(pipeline) },
    })),
  ]
    .filter(({ namespace }) => namespace.startsWith(`${call.database}.`))
    .map(({ namespace, type, options }) => ({
      name: namespace.slice(call.database.length + 1),
      type,
      options,
      info: { readOnly: type === "view" },
    }))
    .filter((entry) => query.test(entry));
  return call.state.cursors.reply(`${call.database}.$cmd.listCollections`, described, undefined, call.member);
}

export function listDatabases(call: Call): Doc {
  const names = new Set([...call.state.storage.collections.keys()].map((namespace) => namespace.split(".", 1)[0]!));
  return { databases: [...names].map((name) => ({ name, sizeOnDisk: 0, empty: false })), totalSize: 0, ok: 1 };
}

export function createIndexes(call: Call): Doc {
  const collection = call.state.storage.create(namespaceOf(call));
  const before = collection.indexes.size;
  const specs = (Array.isArray(call.command["indexes"]) ? call.command["indexes"] : []).map(parseIndexSpec);
  for (const spec of specs) if (!isPresent(collection, spec)) collection.addIndex(spec);
  return {
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes.size,
    createdCollectionAutomatically: false,
    ok: 1,
  };
}

function isPresent(collection: Collection, spec: IndexSpec): boolean {
  for (const { spec: other } of collection.indexes.values()) {
    const sameKey = keyOf(Object.entries(other.key)) === keyOf(Object.entries(spec.key));
    if (other.name === spec.name) {
      if (sameIndex(other, spec)) return true;
      throw new ServerError(
        sameKey ? "IndexOptionsConflict" : "IndexKeySpecsConflict",
        `An equivalent index already exists with the same name but different options: ${spec.name}`,
      );
    }
    if (sameKey && sameIndex(other, spec)) {
      throw new ServerError("IndexOptionsConflict", `Index already exists with a different name: ${other.name}`);
    }
  }
  return false;
}

export function listIndexes(call: Call): Doc {
  const namespace = namespaceOf(call);
  const collection = call.state.storage.collection(namespace);
  if (!collection) throw new ServerError("NamespaceNotFound", `ns does not exist: ${namespace}`);
  const described = [...collection.indexes.values()].map(({ spec }) => describeIndex(spec));
  return call.state.cursors.reply(namespace, described, undefined, call.member);
}

export function dropIndexes(call: Call): Doc {
  const collection = call.state.storage.collection(namespaceOf(call));
  if (!collection) throw new ServerError("NamespaceNotFound", "ns not found");
  const wanted = call.command["index"];
  const before = collection.indexes.size;
  const names =
    wanted === "*"
      ? [...collection.indexes.keys()].filter((name) => name !== "_id_")
      : [...collection.indexes.values()]
          .filter(({ spec }) => spec.name === wanted || (isDoc(wanted) && keyOf(spec.key) === keyOf(wanted)))
          .map(({ spec }) => spec.name);
  if (names.length === 0 && wanted !== "*")
    throw new ServerError("IndexNotFound", `index not found with name [${asText(wanted)}]`);
  if (names.includes("_id_")) throw new ServerError("InvalidOptions", "cannot drop _id index");
  for (const name of names) collection.indexes.delete(name);
  return { nIndexesWas: before, ok: 1 };
}

export function collMod(call: Call): Doc {
  if (call.state.storage.views.has(namespaceOf(call))) return setView(call);
  if (call.command["viewOn"] !== undefined) throw new ServerError("InvalidOptions", "this is a collection, not a view");
  const collection = call.state.storage.collection(namespaceOf(call));
  if (!collection) throw new ServerError("NamespaceNotFound", "ns does not exist");
  setValidator(collection, call.command);
  const index = call.command["index"];
  if (!isDoc(index)) return { ok: 1 };
  const found = [...collection.indexes.values()].find(
    ({ spec }) => spec.name === index["name"] || keyOf(spec.key) === keyOf(index["keyPattern"]),
  );
  if (!found) throw new ServerError("IndexNotFound", "cannot find index for ns");
  if (found.spec.expireAfterSeconds === null && index["expireAfterSeconds"] === undefined)
    throw notImplemented("collMod of this index option");
  collection.addIndex({ ...found.spec, expireAfterSeconds: asNumber(index["expireAfterSeconds"], 0) });
  return { ok: 1 };
}
