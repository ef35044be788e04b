import { z } from "zod";
import type { HybridRAG } from "../../hybridrag.ts";
import type { AgentMemory } from "../../memory/agent-memory.ts";
import type { Answer } from "../../query/answer/answer-event.ts";
import { collectAnswer } from "../../query/answer/collect-answer.ts";
import { modes, queryRequestSchema } from "../../query/query-request.ts";
import type { SearchObserver } from "../search-observer.ts";
import { ok, route, type Route, type StreamEvent } from "../route.ts";
import { recalledAsk } from "../recalled-ask.ts";
import {
  agentOfQuestion,
  citationSchema,
  communitySchema,
  metadataSchema,
  spanSchema,
  warningSchema,
} from "../schemas.ts";

const score = z.number().nullable();
const timings = z.record(z.string(), z.number().nullable());

const hitSchema = z.object({
  rank: z.int(),
  chunk_id: z.string(),
  document_id: z.string(),
  title: z.string(),
  source: z.string(),
  content: z.string(),
  score: z.number(),
  legs: z.object({ vector: score, text: score, graph: score, rerank: score }),
  span: spanSchema,
  heading_path: z.array(z.string()),
  metadata: metadataSchema,
  path: z
    .object({
      from_chunk_id: z.string(),
      from_title: z.string().describe("Its source where it has no title."),
      entity: z.string(),
      link: z.string(),
      sentence: z.string(),
      strength: z.number(),
    })
    .optional(),
  explain: z.looseObject({}).optional(),
});

const communities = z
  .array(communitySchema)
  .optional()
  .describe("In mode global: what the passages found, or all that may be read, are about.");

const searchResponse = z.object({
  query: z.string(),
  mode: z.enum(modes),
  results: z.array(hitSchema),
  communities,
  repairs: z.array(z.object({ from: z.string(), to: z.string() })),
  warnings: z.array(warningSchema),
  timings_ms: timings,
  plan: z.looseObject({}).optional(),
});

const answerResponse = z.object({
  question: z.string(),
  answer: z.string(),
  evidence: z.enum(["answer", "closest", "none"]),
  abstained: z.boolean(),
  citations: z.array(citationSchema),
  sources: z.array(hitSchema),
  communities,
  warnings: z.array(warningSchema),
  usage: z.object({
    input_tokens: z.number(),
    output_tokens: z.number(),
    embedding_tokens: z.number(),
    rerank_tokens: z.number(),
    cost_usd: z.number(),
  }),
  timings_ms: timings,
});

/** A question may name an agent beside what a search takes. */
const askRequest = queryRequestSchema.extend({ agent_id: agentOfQuestion });

export function searchRoutes(rag: HybridRAG, agents: AgentMemory, observe: SearchObserver): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/v1/search",
      summary: "Finds passages",
      tag: "questions",
      needs: "query",
      body: queryRequestSchema,
      responses: { 200: searchResponse },
      handle: async ({ principal, raw, requestId, signal }) => {
        const search = () => rag.search(principal.scope, raw.body, { signal });
        const asked = { type: typeOf(raw.body, rag.settings.mode), body: raw.body, requestId };
        return ok(await observe(asked, search, (found) => ({ mode: found.mode, results: found.results })));
      },
    }),
    route({
      method: "post",
      path: "/v1/query",
      summary: "Answers a question; every citation was checked",
      tag: "questions",
      needs: "query",
      body: askRequest,
      streams: true,
      responses: { 200: answerResponse },
      handle: async ({ principal, raw, body, requestId, signal, wantsStream }) => {
        const { agent_id, ...request } = body;
        const ask = () => recalledAsk({ rag, agents }, principal.scope, request, agent_id, { signal });
        const results = (answer: Answer) => ({ mode: "answer" as const, results: answer.sources });
        const asked = { type: "answer", body: raw.body, requestId };
        if (!wantsStream) return ok(await observe(asked, () => collectAnswer(ask()), results));
        // The first event is awaited here, so that a refusal is still a status and not an event.
        const events = ask()[Symbol.asyncIterator]();
        const first = await observe(
          asked,
          () => events.next(),
          ({ value }) => ({ mode: "answer", results: value?.type === "sources" ? value.sources : [] }),
        );
        return { stream: named(first, events) };
      },
    }),
  ];
}

const typeOf = (body: unknown, byDefault: string): string => {
  const { mode } = (body ?? {}) as { readonly mode?: unknown };
  return modes.find((one) => one === mode) ?? byDefault;
};

async function* named<T extends { readonly type: string }>(
  first: IteratorResult<T, unknown>,
  rest: AsyncIterator<T>,
): AsyncGenerator<StreamEvent> {
  try {
    for (let next = first; !next.done; next = await rest.next()) {
      const { type, ...data } = next.value;
      yield { event: type, data };
    }
  } finally {
    await rest.return?.();
  }
}
