import { type CreateBody, promptTokens, searchResults } from "./anthropic-request.ts";
import type { Fault } from "./fault.ts";
import { answerMarked } from "./marked-passages.ts";
import type { StandinReply } from "./server.ts";
import { valueFor } from "./structured.ts";
import { countTokens, hash } from "./words.ts";
import { pieces, questionIn, type Sentence, writeAnswer } from "./writer.ts";

/** What the server remembers: prefixes in the prompt cache, batches and a counter for ids. */
export interface Memory {
  readonly cached: Set<number>;
  readonly batches: Map<string, Batch>;
  calls: number;
}

export interface Batch {
  /** Results, as they are sent. */
  readonly lines: readonly string[];
  /** How often somebody asked how far it is. */
  asked: number;
  readonly createdAt: string;
}

type StopReason = "end_turn" | "max_tokens" | "refusal";

interface Written {
  readonly sentences: readonly Sentence[];
  readonly stop: StopReason;
}

/** Answers one request. */
export function createMessage(body: CreateBody, fault: Fault | null, memory: Memory): StandinReply {
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
    ? [{ text: JSON.stringify(valueFor(format.schema, material(body))), cites: null }]
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

/** What a structured answer is made from: the sources where there are any, else the last text. */
function material(body: CreateBody): string {
  const shown = searchResults(body).flatMap(({ content }) => content.map(({ text }) => text));
  return shown.length > 0 ? shown.join(" ") : lastText(body);
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
