import type { StandinReply } from "./server.ts";

/** `GET /v1/models`: which models there are and when they end. */
export function models(): StandinReply {
  const ids = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-sonnet-4-5"];
  const data = ids.map((id) => ({
    type: "model",
    id,
    display_name: id,
    created_at: "2026-09-22T00:00:00Z",
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
    capabilities: null,
    line: null,
    lifecycle: id === "claude-sonnet-4-5" ? "deprecated" : "active",
    deprecated_at: null,
    retires_at: id === "claude-sonnet-4-5" ? "2026-11-30T00:00:00Z" : null,
  }));
  return { status: 200, json: { data, has_more: false, first_id: ids[0], last_id: ids.at(-1) } };
}
