import { z } from "zod";
import { Refusal, type StandinCall } from "./server.ts";
import { schemaFault } from "./structured.ts";
import { countTokens } from "./words.ts";

/** What the Messages API admits, as far as it is used here. Unknown fields are refused as they are there. */

const cacheControl = z.strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).optional() }).nullish();
const citationsSwitch = z.strictObject({ enabled: z.boolean().optional() }).optional();

const textBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  cache_control: cacheControl,
  citations: z.array(z.unknown()).nullish(),
});
const searchResult = z.strictObject({
  type: z.literal("search_result"),
  source: z.string(),
  title: z.string(),
  content: z.array(textBlock).min(1),
  citations: citationsSwitch,
  cache_control: cacheControl,
});
const documentBlock = z.looseObject({ type: z.literal("document") });
const toolResult = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.union([textBlock, searchResult]))]).optional(),
  is_error: z.boolean().optional(),
  cache_control: cacheControl,
});
const block = z.union([
  textBlock,
  searchResult,
  documentBlock,
  toolResult,
  z.looseObject({ type: z.enum(["image", "tool_use", "thinking", "redacted_thinking"]) }),
]);
const message = z.strictObject({
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(block)]),
});
const tool = z.looseObject({ name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/) });

const shared = {
  model: z.string(),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .strictObject({
      type: z.enum(["auto", "any", "tool", "none"]),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  thinking: z
    .strictObject({
      type: z.enum(["enabled", "disabled", "adaptive", "between_tools"]),
      budget_tokens: z.int().optional(),
      display: z.string().nullish(),
    })
    .optional(),
  output_config: z
    .strictObject({
      effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(),
      format: z.strictObject({ type: z.literal("json_schema"), schema: z.record(z.string(), z.unknown()) }).nullish(),
    })
    .optional(),
  cache_control: cacheControl,
};
const sampling = {
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().optional(),
  top_k: z.int().optional(),
};
const create = {
  ...shared,
  max_tokens: z.int().min(0).max(128_000),
  stream: z.boolean().optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  stop_sequences: z.array(z.string()).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  speed: z.enum(["standard", "fast"]).nullish(),
};

const current = z.strictObject(create);
const previous = z.strictObject({ ...create, ...sampling });
const counting = z.strictObject(shared);

export type CreateBody = z.infer<typeof current>;
export type SearchResult = z.infer<typeof searchResult>;

const currentVersion = "2026-10-21";

/** Parses and checks a body as the API of the version in the header would. */
export function readCreate(call: StandinCall): CreateBody {
  return checked(call, parse(call.headers["anthropic-version"] === currentVersion ? current : previous, call.body));
}

export function checkCreate(call: StandinCall, body: unknown): CreateBody {
  return checked(call, parse(call.headers["anthropic-version"] === currentVersion ? current : previous, body));
}

export function readCount(call: StandinCall): number {
  const body = parse(counting, call.body);
  return promptTokens({ ...body, max_tokens: 0 });
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  if (body === undefined) throw invalid("The request body is not valid JSON");
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  if (issue?.code === "unrecognized_keys")
    throw invalid(`${[...issue.path, issue.keys[0]].join(".")}: Extra inputs are not permitted`);
  if (issue?.code === "invalid_type" && issue.message.includes("undefined")) throw invalid(`${path}: Field required`);
  throw invalid(`${path}: ${issue?.message ?? "Input should be valid"}`);
}

const alwaysCurrent = /^claude-(?:sonnet-5-5|opus-5-5|fable-5-[12]|mythos-5-[12])$/;
const knownModels =
  /^claude-(?:haiku-5-5|sonnet-5-5|opus-5-5|fable-5(?:-[12])?|mythos-5(?:-[12])?|sonnet-5|opus-5|(?:opus|sonnet|haiku)-4-[5-8](?:-\d{8})?)$/;

function checked(call: StandinCall, body: CreateBody): CreateBody {
  if (!knownModels.test(body.model)) throw new Refusal(404, `model: ${body.model}`, "not_found_error");
  const versionIsCurrent = call.headers["anthropic-version"] === currentVersion;
  if (alwaysCurrent.test(body.model)) {
    if (body.tool_choice?.type === "any" || body.tool_choice?.type === "tool")
      throw invalid(`tool_choice: forced tool use is not supported by ${body.model}; use "auto" or "none"`);
    if (body.thinking?.type === "disabled")
      throw invalid(`thinking.type: "disabled" is not supported by ${body.model}; use "between_tools"`);
  }
  checkMessages(body, versionIsCurrent);
  checkCitations(body);
  const fault = body.output_config?.format ? schemaFault(body.output_config.format.schema) : null;
  if (fault !== null) throw invalid(`output_config.format.schema: ${fault}`);
  const marks = (JSON.stringify(body).match(/"cache_control":\{/g) ?? []).length;
  if (marks > 4) throw invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`);
  const tokens = promptTokens(body);
  if (tokens > 1_000_000) throw invalid(`prompt is too long: ${tokens} tokens > 1000000 maximum`);
  return body;
}

function checkMessages(body: CreateBody, versionIsCurrent: boolean): void {
  if (body.messages[0]?.role === "assistant") throw invalid('messages: first message must use the "user" role');
  for (const [i, { role, content }] of body.messages.entries()) {
    if (content.length === 0) throw invalid(`messages.${i}: all messages must have non-empty content`);
    if (typeof content === "string") continue;
    for (const part of content) {
      if (part.type === "text" && part.text === "") throw invalid("messages: text content blocks must be non-empty");
      if (!versionIsCurrent) continue;
      if (part.type === "document" && role === "assistant")
        throw invalid(`messages.${i}: document blocks are not permitted in assistant messages`);
      if (
        part.type === "text" &&
        role === "user" &&
        "citations" in part &&
        Array.isArray(part.citations) &&
        part.citations.length > 0
      )
        throw invalid(`messages.${i}: citations are not permitted in user messages`);
    }
  }
}

function checkCitations(body: CreateBody): void {
  const results = searchResults(body);
  const enabled = results.filter((result) => result.citations?.enabled === true).length;
  if (enabled > 0 && enabled < results.length)
    throw invalid("Citations must be enabled on all or none of the search results in a request");
  if (enabled > 0 && body.output_config?.format)
    throw invalid("output_config.format: citations and structured outputs cannot be used together");
  if (results.some((result) => result.content.some((part) => part.text.trim() === "")))
    throw invalid("search_result: text content blocks must be non-empty");
}

/** All search results in the order in which `search_result_index` counts them. */
export function searchResults(body: Pick<CreateBody, "messages">): readonly SearchResult[] {
  return body.messages.flatMap(({ content }) =>
    typeof content === "string"
      ? []
      : content.flatMap((part): SearchResult[] => {
          if (part.type === "search_result") return [part as SearchResult];
          if (part.type !== "tool_result" || !Array.isArray(part["content"])) return [];
          return (part["content"] as SearchResult[]).filter(({ type }) => type === "search_result");
        }),
  );
}

export const promptTokens = (body: CreateBody): number =>
  countTokens(typeof body.system === "string" ? body.system : (body.system ?? []).map(({ text }) => text).join("\n")) +
  countTokens(JSON.stringify(body.messages)) +
  countTokens(JSON.stringify(body.tools ?? []));

const invalid = (text: string): Refusal => new Refusal(400, text, "invalid_request_error");
