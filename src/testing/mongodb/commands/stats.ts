import { calculateObjectSize, type Document as BsonDocument } from "bson";
import type { Call } from "../call.ts";
import { ServerError } from "../fault.ts";
import { asDoc, type Doc } from "../value.ts";

/** `$collStats` with `storageStats` and `count`; sizes are those of the documents in BSON. */
export function collectionStats(call: Call, namespace: string, spec: Doc): Doc {
  const unknown = Object.keys(spec).find((name) => name !== "storageStats" && name !== "count");
  if (unknown !== undefined) throw new ServerError("FailedToParse", `unrecognized option to $collStats: ${unknown}`);
  const collection = call.state.storage.collection(namespace);
  if (!collection) throw new ServerError("NamespaceNotFound", `Collection [${namespace}] not found.`);
  const documents = [...collection.documents(call.state.storage.begin(false))].map(([, document]) => document);
  const bytes = documents.reduce((sum, document) => sum + calculateObjectSize(document as BsonDocument), 0);
  const indexSizes = Object.fromEntries(
    [...collection.indexes.keys()].map((name) => [name, 4096 + documents.length * 32]),
  );
  const totalIndexSize = Object.values(indexSizes).reduce((sum, size) => sum + size, 0);
  const storageStats = {
    size: bytes,
    count: documents.length,
    avgObjSize: documents.length === 0 ? 0 : Math.round(bytes / documents.length),
    storageSize: bytes,
    nindexes: collection.indexes.size,
    indexSizes,
    totalIndexSize,
    totalSize: bytes + totalIndexSize,
    scaleFactor: 1,
  };
  return {
    ns: namespace,
    host: call.state.replicaSet.members[call.member]?.host ?? "",
    localTime: new Date(call.state.now()),
    ...(spec["storageStats"] === undefined ? {} : { storageStats }),
    ...(asDoc(spec)["count"] === undefined ? {} : { count: documents.length }),
  };
}
