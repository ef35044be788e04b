import { Aggregator } from "mingo";
import { namespaceOf, viewOf, type Call } from "../call.ts";
import { ServerError, notImplemented } from "../fault.ts";
import { compileQuery, mingoOptions, translated } from "../query.ts";
import { asDoc, asDocs, asNumber, asText, keyOf, sortDocs, valuesAt, type Doc } from "../value.ts";
import { documentsIn, runPipeline } from "./pipeline.ts";

export function project(documents: readonly Doc[], projection: Doc): readonly Doc[] {
  if (Object.keys(projection).length === 0) return documents;
  return translated(() => new Aggregator([{ $project: projection }], mingoOptions).run([...documents]));
}

const refusedFind = ["collation", "min", "max", "returnKey", "showRecordId", "tailable", "awaitData", "let"];

export function find(call: Call): Doc {
  const { command } = call;
  const refused = refusedFind.find((name) => command[name] !== undefined && command[name] !== false);
  if (refused !== undefined) throw notImplemented(`the find option ${refused}`);
  const limit = Math.abs(asNumber(command["limit"], 0)) || Infinity;
  const skip = asNumber(command["skip"], 0);
  const filter = asDoc(command["filter"]);
  const sort = asDoc(command["sort"]);
  const query = compileQuery(filter);
  let found: Doc[] = [];
  const sorted = Object.keys(sort).length > 0;
  for (const document of documentsIn(call, namespaceOf(call), filter)) {
    if (!query.test(document)) continue;
    found.push(document);
    if (!sorted && found.length >= skip + limit) break;
  }
  if (sorted) found = sortDocs(found, sort);
  const shown = project(found.slice(skip, skip + limit), asDoc(command["projection"]));
  const single = command["singleBatch"] === true;
  return call.state.cursors.reply(namespaceOf(call), shown, command["batchSize"], call.member, single);
}

export function getMore(call: Call): Doc {
  return call.state.cursors.more(call.command["getMore"], call.command["batchSize"], call.member);
}

export function killCursors(call: Call): Doc {
  const ids = call.command["cursors"];
  return call.state.cursors.kill(Array.isArray(ids) ? ids : []);
}

export function count(call: Call): Doc {
  const filter = asDoc(call.command["query"]);
  const query = compileQuery(filter);
  const skip = asNumber(call.command["skip"], 0);
  const limit = Math.abs(asNumber(call.command["limit"], 0)) || Infinity;
  let n = 0;
  for (const document of documentsIn(call, namespaceOf(call), filter)) if (query.test(document)) n += 1;
  return { n: Math.min(limit, Math.max(0, n - skip)), ok: 1 };
}

export function distinct(call: Call): Doc {
  const filter = asDoc(call.command["query"]);
  const query = compileQuery(filter);
  const key = asText(call.command["key"]);
  const values = new Map<string, unknown>();
  for (const document of documentsIn(call, namespaceOf(call), filter)) {
    if (!query.test(document)) continue;
    for (const value of valuesAt(document, key).flatMap((part): readonly unknown[] =>
      Array.isArray(part) ? part : [part],
    ))
      values.set(keyOf(value), value);
  }
  return { values: [...values.values()], ok: 1 };
}

export function aggregate(call: Call): Doc {
  const { command } = call;
  if (command["aggregate"] === 1) throw notImplemented("aggregate without a collection");
  if (command["collation"] !== undefined) throw notImplemented("collation");
  if (!Array.isArray(command["pipeline"])) throw new ServerError("TypeMismatch", "'pipeline' must be an array");
  const documents = runPipeline(call, namespaceOf(call), asDocs(command["pipeline"]));
  const cursor = asDoc(command["cursor"]);
  return call.state.cursors.reply(namespaceOf(call), documents, cursor["batchSize"], call.member);
}

/** Explains in the shapes that the server has; of the search stages only what this server can know. */
export function explain(call: Call): Doc {
  const inner = asDoc(call.command["explain"]);
  const name = Object.keys(inner)[0] ?? "";
  if (name === "aggregate") {
    const pipeline = asDocs(inner["pipeline"]);
    const [kind, body] = Object.entries(pipeline[0] ?? {})[0] ?? ["", null];
    const nested: Call = { ...call, name, command: inner };
    if (kind === "$search" || kind === "$searchMeta" || kind === "$vectorSearch") {
      const started = performance.now();
      const documents = runPipeline(nested, namespaceOf(nested), pipeline);
      const explained = { type: kind.slice(1), stats: { millisElapsed: performance.now() - started } };
      const first =
        kind === "$vectorSearch"
          ? { $vectorSearch: { ...asDoc(body), explain: explained } }
          : { $_internalSearchMongotRemote: { mongotQuery: body, explain: explained } };
      const lookup = { $_internalSearchIdLookup: {}, nReturned: documents.length };
      return { explainVersion: "1", stages: [{ ...first, nReturned: documents.length }, lookup], ok: 1 };
    }
    if (pipeline.length > 0) throw notImplemented("explain of this pipeline");
  }
  if (name !== "find") throw notImplemented(`explain of ${name}`);
  const nested: Call = { ...call, name, command: inner };
  const collection = call.state.storage.collection(namespaceOf(nested));
  const filter = asDoc(inner["filter"]);
  const total = collection ? [...collection.documents(viewOf(call))].length : 0;
  const examined = collection ? [...collection.candidates(filter)].length : 0;
  const stage = examined < total ? { stage: "FETCH", inputStage: { stage: "IXSCAN" } } : { stage: "COLLSCAN" };
  return {
    queryPlanner: { namespace: namespaceOf(nested), winningPlan: stage },
    executionStats: { executionSuccess: true, totalDocsExamined: examined, totalKeysExamined: examined },
    ok: 1,
  };
}
