import { randomUUID } from "node:crypto";
import { z } from "zod";
import { HybridRAGError } from "../../errors.ts";
import type { HybridRAG } from "../../hybridrag.ts";
import type { AgentMemory } from "../../memory/agent-memory.ts";
import type { Answer, AnswerEvent } from "../../query/answer/answer-event.ts";
import { collectAnswer } from "../../query/answer/collect-answer.ts";
import { modes, type Mode } from "../../query/query-request.ts";
import type { Citation, Usage } from "../../records.ts";
import type { SearchObserver } from "../search-observer.ts";
import { ok, route, type Route, type StreamEvent } from "../route.ts";
import { recalledAsk } from "../recalled-ask.ts";
import { agentOfQuestion, citationSchema } from "../schemas.ts";

const text = z.string().max(100_000);
const part = z.looseObject({ type: z.string().max(100), text: text.optional() });

const message = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: z.union([text, z.array(part).max(100)]).nullish(),
});

/** Parameters of OpenAI that mean nothing here are taken and ignored; ours stand beside them. */
const chatRequest = z.looseObject({
  model: z.string().max(200).optional().describe("hybridrag, or hybridrag-MODE; others count as hybridrag."),
  messages: z.array(message).min(1).max(500),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  session_id: z.string().nullish().describe("As in POST /v1/query."),
  filters: z.record(z.string(), z.unknown()).nullish().describe("As in POST /v1/query."),
  top_k: z.int().min(1).max(100).optional().describe("As in POST /v1/query."),
  agent_id: agentOfQuestion,
});

type ChatRequest = z.output<typeof chatRequest>;

const usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() });

const completion = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
      logprobs: z.null(),
      finish_reason: z.literal("stop"),
    }),
  ),
  usage,
  citations: z.array(citationSchema),
  evidence: z.enum(["answer", "closest", "none"]),
});

const model = z.object({ id: z.string(), object: z.literal("model"), created: z.int(), owned_by: z.string() });

const modelName = "hybridrag";
const modelNames = [modelName, ...modes.map((mode) => `${modelName}-${mode}`)];

/** The endpoints of OpenAI that chat programs need, so that they can use HybridRAG as a model. */
export function chatRoutes(
  rag: HybridRAG,
  agents: AgentMemory,
  observe: SearchObserver,
  now: () => number,
): readonly Route[] {
  const started = Math.floor(now() / 1000);
  const describe = (id: string) => ({ id, object: "model", created: started, owned_by: "hybridrag" });
  return [
    route({
      method: "get",
      path: "/v1/models",
      summary: "The models of chat completions: one for each way to retrieve",
      tag: "openai",
      needs: "query",
      openAi: true,
      responses: { 200: z.object({ object: z.literal("list"), data: z.array(model) }) },
      handle: async () => ok({ object: "list", data: modelNames.map(describe) }),
    }),
    route({
      method: "post",
      path: "/v1/chat/completions",
      summary: "Answers the last message of a conversation, in the form of OpenAI",
      tag: "openai",
      needs: "query",
      openAi: true,
      body: chatRequest,
      streams: true,
      responses: { 200: completion },
      handle: async ({ principal, body, requestId, signal }) => {
        const { request, history } = questionOf(body);
        const ask = () => recalledAsk({ rag, agents }, principal.scope, request, body.agent_id, { signal, history });
        const head = {
          id: `chatcmpl-${randomUUID()}`,
          created: Math.floor(now() / 1000),
          model: body.model ?? modelName,
        };
        const asked = { type: "answer", body: request, requestId };
        const results = (answer: Answer) => ({ mode: "answer", results: answer.sources });
        if (body.stream !== true) {
          const answer = await observe(asked, () => collectAnswer(ask()), results);
          return ok(completionOf(head, answer));
        }
        const events = ask()[Symbol.asyncIterator]();
        const first = await observe(
          asked,
          () => events.next(),
          ({ value }) => ({ mode: "answer", results: value?.type === "sources" ? value.sources : [] }),
        );
        const withUsage = body.stream_options?.include_usage === true;
        return { stream: chunksOf(head, first, events, withUsage), done: "[DONE]" };
      },
    }),
  ];
}

/** The last message of the user is the question; what was said before it, the conversation. Instructions are not ours. */
function questionOf(body: ChatRequest) {
  const said = body.messages.map(({ role, content }) => ({ role, content: textOf(content) }));
  const last = said.findLastIndex(({ role }) => role === "user");
  if (last < 0) {
    throw new HybridRAGError("invalid_input", "No message has the role user; the last one that has is the question.", {
      details: { path: "/messages" },
    });
  }
  const history = said.slice(0, last).filter((one): one is Said => one.role === "user" || one.role === "assistant");
  const mode = modeOf(body.model);
  const { session_id, filters, top_k } = body;
  const request = {
    query: said[last]!.content,
    ...(mode === null ? {} : { mode }),
    ...(session_id == null ? {} : { session_id }),
    ...(filters == null ? {} : { filters }),
    ...(top_k === undefined ? {} : { top_k }),
  };
  return { request, history };
}

interface Said {
  readonly role: "user" | "assistant";
  readonly content: string;
}

type Content = ChatRequest["messages"][number]["content"];

const textOf = (content: Content): string =>
  typeof content === "string"
    ? content
    : (content ?? [])
        .filter((one) => one.type === "text")
        .map((one) => one.text ?? "")
        .join("\n");

const modeOf = (name: string | undefined): Mode | null => modes.find((mode) => name === `${modelName}-${mode}`) ?? null;

interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

const usageOf = ({ input_tokens, output_tokens }: Usage) => ({
  prompt_tokens: input_tokens,
  completion_tokens: output_tokens,
  total_tokens: input_tokens + output_tokens,
});

const completionOf = (head: Head, { answer, usage, citations, evidence }: Answer) => ({
  ...head,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: answer, refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: usageOf(usage),
  citations,
  evidence,
});

/** Each citation comes with the chunk behind its marker, all of them again with the last one. */
async function* chunksOf(
  head: Head,
  first: IteratorResult<AnswerEvent, unknown>,
  rest: AsyncIterator<AnswerEvent>,
  withUsage: boolean,
): AsyncGenerator<StreamEvent> {
  const chunk = (delta: object, finish: "stop" | null = null, more: object = {}): StreamEvent => ({
    data: {
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...more,
    },
  });
  const citations: Citation[] = [];
  try {
    yield chunk({ role: "assistant", content: "" });
    for (let next = first; !next.done; next = await rest.next()) {
      const event = next.value;
      if (event.type === "text-delta") yield chunk({ content: event.text });
      if (event.type === "citation") {
        citations.push(event.citation);
        yield chunk({}, null, { citations: [event.citation] });
      }
      if (event.type !== "end") continue;
      yield chunk({}, "stop", { citations, evidence: event.evidence });
      if (withUsage) {
        yield { data: { ...head, object: "chat.completion.chunk", choices: [], usage: usageOf(event.usage) } };
      }
    }
  } finally {
    await rest.return?.();
  }
}
