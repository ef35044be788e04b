import type Anthropic from "@anthropic-ai/sdk";
import type { GenerateRequest, JsonSchema, ModelSource } from "../../ports/language-model.ts";
import { splitUnits } from "../../text/units.ts";
import { closedSchema } from "../closed-schema.ts";

/**
 * The body of `POST /v1/messages`: instructions first and marked for the prompt cache, passages as search results in
 * the last message, before its text. With a schema there are no citations: the API takes either.
 */
export function messageBody(
  model: string,
  request: GenerateRequest,
  schema: JsonSchema | null,
): Anthropic.MessageCreateParamsNonStreaming {
  const last = request.messages.length - 1;
  const blocks = (request.sources ?? []).map((source) => searchResult(source, schema === null));
  return {
    model,
    max_tokens: request.maxOutputTokens,
    ...(request.system === ""
      ? {}
      : { system: [{ type: "text", text: request.system, cache_control: { type: "ephemeral" } }] }),
    messages: request.messages.map(({ role, content }, i) => ({
      role,
      content: i === last && blocks.length > 0 ? [...blocks, { type: "text", text: content }] : content,
    })),
    output_config: {
      effort: request.effort ?? "low",
      ...(schema === null ? {} : { format: { type: "json_schema", schema: closedSchema(schema) } }),
    },
  };
}

function searchResult({ id, title, text }: ModelSource, citations: boolean): Anthropic.SearchResultBlockParam {
  return {
    type: "search_result",
    source: id,
    title,
    content: blocksOf(text).map((part) => ({ type: "text", text: part })),
    ...(citations ? { citations: { enabled: true } } : {}),
  };
}

/**
 * One block a unit, because the API cites whole blocks. Joined, the blocks are the text: each reaches to where the
 * next begins.
 */
function blocksOf(text: string): readonly string[] {
  const starts = splitUnits(text).map(({ start }) => start);
  if (starts.length === 0) return [text];
  starts[0] = 0;
  return starts.map((start, i) => text.slice(start, starts[i + 1] ?? text.length));
}
