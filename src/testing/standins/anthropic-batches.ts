import { createMessage, type Memory } from "./anthropic-message.ts";
import { checkCreate } from "./anthropic-request.ts";
import { Refusal, type StandinCall, type StandinReply } from "./server.ts";

/** Batches end at once; their results come in reverse order, because no order is promised. */
export function batches(call: StandinCall, memory: Memory): StandinReply {
  const [, , , , id, results] = call.path.split("/");
  if (call.method === "POST" && id === undefined) return createBatch(call, memory);
  const lines = memory.batches.get(id ?? "");
  if (lines === undefined) throw new Refusal(404, `Batch ${id} not found`);
  if (results === "results") return { status: 200, headers: { "content-type": "application/x-jsonl" }, text: lines };
  return { status: 200, json: batchOf(id ?? "", lines, call) };
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
  const text = lines.reverse().join("\n");
  memory.batches.set(id, text);
  return { status: 200, json: batchOf(id, text, call) };
}

function batchOf(id: string, lines: string, call: StandinCall): unknown {
  const all = lines.split("\n");
  const errored = all.filter((line) => line.includes('"type":"errored"')).length;
  return {
    id,
    type: "message_batch",
    processing_status: "ended",
    request_counts: { processing: 0, succeeded: all.length - errored, errored, canceled: 0, expired: 0 },
    created_at: "2026-11-22T00:00:00Z",
    ended_at: "2026-11-22T00:00:01Z",
    expires_at: "2026-11-23T00:00:00Z",
    archived_at: null,
    cancel_initiated_at: null,
    results_url: `http://${call.headers["host"]}/v1/messages/batches/${id}/results`,
  };
}
