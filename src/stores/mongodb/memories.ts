import { Binary } from "mongodb";
import { compareText } from "../../filter/matches.ts";
import type { MemoryHit, MemoryStore, NewMemory } from "../../ports/memory-store.ts";
import type { Memory } from "../../records.ts";
import type { Scope } from "../../scope.ts";
import { checkVector } from "../../ports/check-vector.ts";
import { cosine, withoutVectors } from "./chunk-rows.ts";
import { call, rows, transaction, type Context, type Row } from "./context.ts";
import { bm25 } from "./bm25.ts";
import { generationOf, requireGeneration } from "./generation.ts";
import { collections } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { identifierOf } from "./stored-metadata.ts";

/**
 * What agents remember. An agent has hundreds or thousands of memories, not millions: a search reads them all and scores
 * them exactly, which needs no search index and sees its own writes.
 */
export function mongoMemories(context: Context): MemoryStore {
  const memories = () => rows(context, collections.memories);
  const live = (scope: Scope, agentId: string) => ({
    tenant_id: scope.tenant,
    agent_id: agentId,
    ...unexpired(context),
  });
  return {
    put: (scope, memory, options) =>
      call(context, options, async () => {
        if (memory.vector) checkVector(memory.vector, context.identity?.dimensions ?? null, "/vector");
        await requireGeneration(context, "write");
        const now = new Date(context.now()).toISOString();
        const _id = identifierOf(scope.tenant, memory.agent_id, memory.memory_id);
        const fields = { ...fieldsOf(context, scope, memory), updated_at: now };
        const fresh = { access_count: 0, accessed_at: null, created_at: now };
        const kept = await memories().findOneAndUpdate(
          { _id, ...live(scope, memory.agent_id) },
          // Of what the content was before there may be a vector of another generation.
          { $set: fields, $unset: { [otherVector(context)]: "" } },
          { returnDocument: "after" },
        );
        if (kept) return memoryOf(kept);
        await memories().replaceOne({ _id }, { ...fields, ...fresh }, { upsert: true });
        return memoryOf({ _id, ...fields, ...fresh });
      }),
    get: (scope, agentId, memoryId, options) =>
      call(context, options, async () => {
        const found = await memories().findOne({ ...live(scope, agentId), memory_id: memoryId });
        return found && memoryOf(found);
      }),
    list: (scope, agentId, request, options) =>
      call(context, options, async (signal) => {
        const listing = `memories of ${agentId}`;
        const after = readCursor(request, listing, 2);
        const found = await memories()
          .find(
            {
              $and: [
                live(scope, agentId),
                ...(request.type === undefined ? [] : [{ type: request.type }]),
                ...(after === null ? [] : [behind(String(after[0]), String(after[1]))]),
              ],
            },
            { signal },
          )
          .project<Row>({ ...withoutVectors, terms: 0 })
          .sort({ created_at: -1, memory_id: 1 })
          .toArray();
        const wanted = found.filter((row) => isValidAt(memoryOf(row), request.validAt)).slice(0, request.limit + 1);
        return pageOf(
          wanted,
          request,
          listing,
          (row) => [String(row["created_at"]), String(row["memory_id"])],
          memoryOf,
        );
      }),
    search: (scope, agentId, request, options) =>
      call(context, options, async (signal) => {
        if (request.vector) checkVector(request.vector, context.identity?.dimensions ?? null, "/vector");
        const all = await memories().find(live(scope, agentId), { signal }).toArray();
        const scored = scoreAll(context, all, request.vector, request.text);
        const hits = scored.filter(
          ({ memory }) =>
            (request.type === undefined || memory.type === request.type) && isValidAt(memory, request.validAt),
        );
        const best = (score: (hit: MemoryHit) => number | null, least: number): readonly MemoryHit[] =>
          hits
            .filter((hit) => (score(hit) ?? -Infinity) > least)
            .toSorted((a, b) => score(b)! - score(a)! || compareText(a.memory.memory_id, b.memory.memory_id))
            .slice(0, request.limit);
        return [...new Set([...best((hit) => hit.cosine, -Infinity), ...best((hit) => hit.bm25, 0)])];
      }),
    touch: (scope, agentId, memoryIds, options) =>
      call(context, options, async () => {
        const accessed_at = new Date(context.now()).toISOString();
        await memories().updateMany(
          { ...live(scope, agentId), memory_id: { $in: memoryIds } },
          { $inc: { access_count: 1 }, $set: { accessed_at } },
        );
      }),
    stored: (scope, request, options) =>
      call(context, options, async (signal) => {
        const after = readCursor(request, "stored memories", 2);
        const [agent, memory] = (after ?? []).map(String);
        const found = await memories()
          .find(
            {
              $and: [
                { tenant_id: scope.tenant, ...unexpired(context) },
                ...(after === null
                  ? []
                  : [{ $or: [{ agent_id: { $gt: agent } }, { agent_id: agent, memory_id: { $gt: memory } }] }]),
              ],
            },
            { signal },
          )
          .sort({ agent_id: 1, memory_id: 1 })
          .limit(request.limit + 1)
          .toArray();
        return pageOf(
          found,
          request,
          "stored memories",
          (row) => [String(row["agent_id"]), String(row["memory_id"])],
          (row) => ({ memory: memoryOf(row), vector: storedVector(context, row) }),
        );
      }),
    restore: (scope, { memory, vector }, options) =>
      call(context, options, async (signal) => {
        if (vector) checkVector(vector, context.identity?.dimensions ?? null, "/vector");
        await requireGeneration(context, "write");
        const _id = identifierOf(scope.tenant, memory.agent_id, memory.memory_id);
        const { access_count, accessed_at, created_at, updated_at } = memory;
        const history = { access_count, accessed_at, created_at, updated_at };
        const row = { _id, ...fieldsOf(context, scope, { ...memory, vector }), ...history };
        return transaction(context, signal, async (session) => {
          const before = await memories().findOne({ _id, ...live(scope, memory.agent_id) }, { session });
          const isAsNew = before?.["updated_at"] === updated_at && before["access_count"] >= access_count;
          if (before && (isAsNew || before["updated_at"] > updated_at)) return "kept";
          await memories().replaceOne({ _id }, row, { upsert: true, session });
          return "restored";
        });
      }),
    delete: (scope, agentId, memoryId, options) =>
      call(
        context,
        options,
        async () => (await memories().deleteOne({ ...live(scope, agentId), memory_id: memoryId })).deletedCount === 1,
      ),
    count: (scope, agentId, options) =>
      call(context, options, (signal) => memories().countDocuments(live(scope, agentId), { signal })),
  };
}

const unexpired = (context: Context) => ({
  $or: [{ expires_at: null }, { expires_at: { $gt: new Date(context.now()) } }],
});

/** Everything of a memory but its dates and counts. */
const fieldsOf = (context: Context, scope: Scope, memory: NewMemory) => ({
  memory_id: memory.memory_id,
  agent_id: memory.agent_id,
  tenant_id: scope.tenant,
  type: memory.type,
  content: memory.content,
  importance: memory.importance,
  metadata: structuredClone(memory.metadata),
  valid_from: memory.valid_from ?? null,
  valid_to: memory.valid_to ?? null,
  expires_at: memory.expires_at == null ? null : new Date(memory.expires_at),
  expires_text: memory.expires_at ?? null,
  terms: context.analyzer.analyze(memory.content).join(" "),
  [context.generation.vector]: memory.vector === null ? null : Binary.fromFloat32Array(memory.vector),
});

const otherVector = ({ generation }: Context): string => generationOf(generation.number + 1).vector;

function storedVector({ generation }: Context, row: Row): Float32Array | null {
  const stored = row[generation.vector] as Binary | null | undefined;
  return stored?.toFloat32Array() ?? null;
}

const behind = (createdAt: string, memoryId: string) => ({
  $or: [{ created_at: { $lt: createdAt } }, { created_at: createdAt, memory_id: { $gt: memoryId } }],
});

/** `valid_from` belongs to the time of validity, `valid_to` does not. */
function isValidAt(memory: Memory, validAt: string | undefined): boolean {
  if (validAt === undefined) return true;
  const at = Date.parse(validAt);
  const hasBegun = memory.valid_from === null || Date.parse(memory.valid_from) <= at;
  return hasBegun && (memory.valid_to === null || Date.parse(memory.valid_to) > at);
}

/** Words are weighed by how rare they are among all the agent's memories. */
function scoreAll(
  context: Context,
  all: readonly Row[],
  vector: Float32Array | null,
  text: string | null,
): readonly MemoryHit[] {
  const terms = [...new Set(text === null ? [] : context.analyzer.analyze(text))];
  const bodies = all.map((row) => String(row["terms"]));
  const frequencies = new Map(
    terms.map((term) => [`b${term}`, bodies.filter((body) => body.split(" ").includes(term)).length]),
  );
  const words = bodies.reduce((sum, body) => sum + (body === "" ? 0 : body.split(" ").length), 0);
  const corpus = { chunks: all.length, averageBody: words / all.length, averageTitle: 0, isOdd: false };
  const groups = terms.map((term) => ({ terms: [term], times: 1 }));
  return all.map((row, index): MemoryHit => {
    const stored = storedVector(context, row);
    const own = { terms: { body: bodies[index]!, title: "", words: "" } };
    return {
      memory: memoryOf(row),
      cosine: vector && stored ? cosine(vector, stored) : null,
      bm25: text === null ? null : bm25(own, groups, { corpus, frequencies }),
    };
  });
}

const memoryOf = (row: Row): Memory => ({
  memory_id: row["memory_id"],
  agent_id: row["agent_id"],
  type: row["type"],
  content: row["content"],
  importance: row["importance"],
  metadata: row["metadata"],
  valid_from: row["valid_from"],
  valid_to: row["valid_to"],
  access_count: row["access_count"],
  accessed_at: row["accessed_at"],
  created_at: row["created_at"],
  updated_at: row["updated_at"],
  expires_at: row["expires_text"],
});
