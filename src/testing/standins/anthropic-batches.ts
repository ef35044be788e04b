import { type Batch, createMessage, type Memory } from "./anthropic-message.ts";
import { checkCreate } from "./anthropic-request.ts";
import { Refusal, type StandinCall, type StandinReply } from "./server.ts";

/**
 * A batch is in work when it is made and when it is first asked after, half done then, and ended from there on. Its
 * results come in reverse order, because no order is promised.
 */
export function batches(call: StandinCall, memory: Memory): StandinReply {
  const [, , , , id, results] = call.path.split("/");
  if (call.method === "POST" && id === undefined) return createBatch(call, memory);
  if (call.method !== "GET") throw new Refusal(405, "Method Not Allowed");
  if (id === undefined) return listBatches(call, memory);
  const batch = memory.batches.get(id);
  if (batch === undefined) throw new Refusal(404, `Batch ${id} not found`);
  if (results !== "results") {
    batch.asked++;
    return { status: 200, json: batchOf(id, batch, call) };
  }
  if (batch.asked < 2) throw new Refusal(400, `Batch ${id} has no results yet: it is still in progress.`);
  return { status: 200, headers: { "content-type": "application/x-jsonl" }, text: batch.lines.join("\n") };
}

/** Newest first, in pages of `limit` that begin after `after_id`. */
function listBatches(call: StandinCall, memory: Memory): StandinReply {
  const ids = [...memory.batches.keys()].toReversed();
  const after = call.query.get("after_id");
  const start = after === null ? 0 : ids.indexOf(after) + 1;
  const limit = Number(call.query.get("limit") ?? 20);
  if (!(limit >= 1 && limit <= 1000)) throw new Refusal(400, "limit: must be between 1 and 1000");
  const page = ids.slice(start, start + limit);
  const data = page.map((id) => batchOf(id, memory.batches.get(id)!, call));
  const ends = { first_id: page[0] ?? null, last_id: page.at(-1) ?? null };
  return { status: 200, json: { data, has_more: start + limit < ids.length, ...ends } };
}

function createBatch(call: StandinCall, memory: Memory): StandinReply {
  const requests = (call.body as { requests?: unknown })?.requests;
  if (!Array.isArray(requests) || requests.length === 0) throw new Refusal(400, "requests: Field required");
  const ids = new Set(requests.map(({ custom_id }) => custom_id));
  if (ids.size < requests.length) throw new Refusal(400, "requests: custom_id must be unique");
  const lines = requests.map(({ custom_id, params }: { custom_id: string; params: unknown }) => {
    try {
      const message = createMessage(checkCreate(call, params), null, memory).json;
      return JSON.stringify({ custom_id, result: { type: "succeeded", message } });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const problem = { type: "error", error: { type: "invalid_request_error", message: error.message } };
      return JSON.stringify({ custom_id, result: { type: "errored", error: problem } });
    }
  });
  const id = `msgbatch_${String(++memory.calls).padStart(10, "0")}`;
  const batch = { lines: lines.reverse(), asked: 0, createdAt: new Date().toISOString() };
  memory.batches.set(id, batch);
  return { status: 200, json: batchOf(id, batch, call) };
}

function batchOf(id: string, { lines, asked, createdAt }: Batch, call: StandinCall): unknown {
  const hasEnded = asked > 1;
  const done = hasEnded ? lines : lines.slice(0, asked === 1 ? lines.length >> 1 : 0);
  const errored = done.filter((line) => line.includes('"type":"errored"')).length;
  const counts = { processing: lines.length - done.length, succeeded: done.length - errored, errored };
  return {
    id,
    type: "message_batch",
    processing_status: hasEnded ? "ended" : "in_progress",
    request_counts: { ...counts, canceled: 0, expired: 0 },
    created_at: createdAt,
    ended_at: hasEnded ? createdAt : null,
    expires_at: new Date(Date.parse(createdAt) + 86_400_000).toISOString(),
    archived_at: null,
    cancel_initiated_at: null,
    results_url: hasEnded ? `http://${call.headers["host"]}/v1/messages/batches/${id}/results` : null,
  };
}
