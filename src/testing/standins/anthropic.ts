import {
  type CreateBody,
  checkCreate,
  promptTokens,
  readCount,
  readCreate,
  searchResults,
} from "./anthropic-request.ts";
import type { Fault } from "./fault.ts";
import { newKey } from "./key.ts";
import {
  type ProviderRules,
  Refusal,
  type Standin,
  type StandinCall,
  type StandinOptions,
  type StandinReply,
  startServer,
} from "./server.ts";
import { valueFor } from "./structured.ts";
import { countTokens, hash } from "./words.ts";
import { pieces, questionIn, type Sentence, writeAnswer } from "./writer.ts";
import { answerMarked } from "./marked-passages.ts";

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** A server that answers as `api.anthropic.com` does, for API versions 2026-10-21 and 2023-06-01. */
export async function anthropicStandin(options: StandinOptions = {}): Promise<Standin> {
  const key = options.key ?? newKey("sk-ant-api03-", 60);
  const server = await startServer(rules(key), options);
  return { ...server, name: "anthropic", key, environment: { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: server.url } };
}

/** What the server remembers: prefixes in the prompt cache, batches and a counter for ids. */
interface Memory {
  readonly cached: Set<number>;
  readonly batches: Map<string, string>;
  calls: number;
}

function rules(key: string): ProviderRules {
  const memory: Memory = { cached: new Set(), batches: new Map(), calls: 0 };
  const refuse = (status: number, message: string, code: string | null): StandinReply => {
    const type = errorTypes[status] ?? "api_error";
    const details = code !== null && code !== type ? { details: { error_code: code } } : {};
    const id = `req_${hash(message + memory.calls++).toString(36)}`;
    return {
      status,
      headers: { "request-id": id },
      json: { type: "error", error: { type, message, ...details }, request_id: id },
    };
  };
  return {
    name: "anthropic",
    refuse,
    answer(call, fault) {
      authorize(call, key);
      if (call.path === "/v1/messages" && call.method === "POST") return create(readCreate(call), fault, memory);
      if (call.path === "/v1/messages/count_tokens" && call.method === "POST")
        return { status: 200, json: { input_tokens: readCount(call) } };
      if (call.path === "/v1/models" && call.method === "GET") return models();
      if (call.path.startsWith("/v1/messages/batches")) return batches(call, memory);
      throw new Refusal(404, "Not Found", "not_found_error");
    },
  };
}

function authorize(call: StandinCall, key: string): void {
  const version = call.headers["anthropic-version"];
  if (version === undefined) throw new Refusal(400, "anthropic-version: header is required");
  if (version !== "2026-10-21" && version !== "2023-06-01")
    throw new Refusal(400, `anthropic-version: "${version}" is not a valid version`);
  const given = call.headers["x-api-key"] ?? call.headers["authorization"]?.replace(/^Bearer /, "");
  if (given === undefined) throw new Refusal(401, "x-api-key header or bearer token is required");
  if (given !== key) throw new Refusal(401, call.headers["x-api-key"] ? "invalid x-api-key" : "Invalid bearer token");
}

type StopReason = "end_turn" | "max_tokens" | "refusal";

interface Written {
  readonly sentences: readonly Sentence[];
  readonly stop: StopReason;
}

function create(body: CreateBody, fault: Fault | null, memory: Memory): StandinReply {
  const written = write(body, fault);
  const usage = usageOf(body, written, memory);
  const id = `msg_${String(++memory.calls).padStart(12, "0")}`;
  const blocks = contentBlocks(body, written, fault);
  const start = { id, type: "message", role: "assistant", model: body.model };
  const end = { stop_reason: written.stop, stop_sequence: null };
  const tokens = usage.input_tokens + usage.cache_creation_input_tokens;
  const common = { status: 200, headers: { "request-id": `req_${id}` }, tokens, model: body.model };
  if (!body.stream) return { ...common, json: { ...start, content: blocks, ...end, usage } };
  return { ...common, frames: frames({ start, blocks, end, usage, fault }) };
}

function write(body: CreateBody, fault: Fault | null): Written {
  if (fault?.kind === "refusal") return { sentences: [], stop: "refusal" };
  const format = body.output_config?.format;
  const whole: Sentence[] = format
    ? [{ text: JSON.stringify(valueFor(format.schema, lastText(body))), cites: null }]
    : [...answerOf(body)];
  const kept: Sentence[] = [];
  let left = body.max_tokens;
  for (const sentence of whole) {
    const tokens = countTokens(sentence.text);
    if (tokens > left) {
      if (left > 0) kept.push({ text: sentence.text.slice(0, left * 3), cites: sentence.cites });
      return { sentences: kept, stop: "max_tokens" };
    }
    left -= tokens;
    kept.push(sentence);
  }
  return { sentences: kept, stop: "end_turn" };
}

function answerOf(body: CreateBody): readonly Sentence[] {
  const results = searchResults(body);
  if (results.length === 0) return answerMarked(lastMessage(body));
  const passages = results.map(({ content }) => ({ blocks: content.map(({ text }) => text) }));
  return writeAnswer(questionIn(lastText(body)), passages);
}

function lastMessage(body: CreateBody): string {
  const content = body.messages.at(-1)?.content ?? "";
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? String(part["text"]) : "")).join("\n");
}

/** The question is the last text of the last message. */
function lastText(body: CreateBody): string {
  const content = body.messages.at(-1)?.content ?? "";
  if (typeof content === "string") return content;
  const texts = content.filter((part) => part.type === "text");
  return String(texts.at(-1)?.["text"] ?? "");
}

function contentBlocks(body: CreateBody, written: Written, fault: Fault | null): unknown[] {
  const results = searchResults(body);
  const cites = results.some((result) => result.citations?.enabled === true);
  return written.sentences.map(({ text, cites: place }) => {
    const result = place === null ? undefined : results[place.passage];
    if (!cites || place === null || result === undefined) return { type: "text", text, citations: null };
    const quoted = result.content[place.block]?.text ?? "";
    return {
      type: "text",
      text,
      citations: [
        {
          type: "search_result_location",
          source: result.source,
          title: result.title,
          search_result_index: place.passage,
          start_block_index: place.block,
          end_block_index: place.block + 1,
          cited_text: fault?.kind === "misquote" ? `${quoted} (or so)` : quoted,
        },
      ],
    };
  });
}

function usageOf(body: CreateBody, written: Written, memory: Memory) {
  const input = promptTokens(body);
  const output = written.sentences.reduce((sum, { text }) => sum + countTokens(text), 0);
  const prefix = cachedPrefix(body);
  const known = prefix !== null && memory.cached.has(prefix.code);
  if (prefix !== null) memory.cached.add(prefix.code);
  const cached = prefix === null ? 0 : prefix.tokens;
  return {
    input_tokens: Math.max(0, input - cached),
    output_tokens: output,
    cache_creation_input_tokens: known ? 0 : cached,
    cache_read_input_tokens: known ? cached : 0,
    cache_creation: { ephemeral_5m_input_tokens: known ? 0 : cached, ephemeral_1h_input_tokens: 0 },
    output_tokens_details: { thinking_tokens: 0 },
    server_tool_use: null,
    service_tier: "standard",
    inference_geo: null,
    speed: null,
  };
}

/** The system prompt, when its last block is marked and long enough to be cached. */
function cachedPrefix(body: CreateBody): { code: number; tokens: number } | null {
  if (!Array.isArray(body.system) || !body.system.at(-1)?.cache_control) return null;
  const text = body.system.map((part) => part.text).join("\n");
  const tokens = countTokens(text);
  return tokens < 512 ? null : { code: hash(body.model + text), tokens };
}

interface StreamParts {
  readonly start: Readonly<Record<string, unknown>>;
  readonly blocks: readonly unknown[];
  readonly end: Readonly<Record<string, unknown>>;
  readonly usage: ReturnType<typeof usageOf>;
  readonly fault: Fault | null;
}

function frames({ start, blocks, end, usage, fault }: StreamParts): string[] {
  const opening = {
    ...start,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  const list = [frame("message_start", { message: opening }), frame("ping", {})];
  for (const [index, block] of blocks.entries()) {
    const { text, citations } = block as { text: string; citations: readonly unknown[] | null };
    list.push(
      frame("content_block_start", { index, content_block: { type: "text", text: "", citations: citations && [] } }),
    );
    for (const piece of pieces(text))
      list.push(frame("content_block_delta", { index, delta: { type: "text_delta", text: piece } }));
    if (fault?.kind === "stream-error")
      return [...list, frame("error", { error: { type: "overloaded_error", message: "Overloaded" } })];
    for (const citation of citations ?? [])
      list.push(frame("content_block_delta", { index, delta: { type: "citations_delta", citation } }));
    list.push(frame("content_block_stop", { index }));
  }
  list.push(frame("message_delta", { delta: end, usage }), frame("message_stop", {}));
  return list;
}

const frame = (type: string, data: Readonly<Record<string, unknown>>): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

function models(): StandinReply {
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

/** Batches end at once; their results come in reverse order, because no order is promised. */
function batches(call: StandinCall, memory: Memory): StandinReply {
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
      const message = create(checkCreate(call, params), null, memory).json;
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
