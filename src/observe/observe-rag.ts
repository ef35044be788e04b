import type { HybridRAG } from "../hybridrag.ts";
import { retrieval } from "./observe-ports.ts";
import { span } from "./span.ts";
import { spanStream } from "./span-stream.ts";

/** Texts of questions and answers go into spans only when the settings say so. */
export interface TraceOptions {
  readonly content: boolean;
}

/** The library with a span around each search, answer and ingest; what they call becomes their children. */
export function observedRag(rag: HybridRAG, { content }: TraceOptions): HybridRAG {
  return {
    ...rag,
    search: (scope, request, options) =>
      span(
        "hybridrag.search",
        { ...retrieval, ...described(request, content) },
        async (active) => {
          const found = await rag.search(scope, request, options);
          active.setAttributes({
            "hybridrag.mode": found.mode,
            "hybridrag.results": found.results.length,
            "hybridrag.warnings": found.warnings.map(({ code }) => code),
          });
          return found;
        },
        { handedDown: sessionOf(request) },
      ),
    ask: (scope, request, options) => {
      let answer = "";
      return spanStream(
        "hybridrag.ask",
        { ...asking, ...described(request, content) },
        () => rag.ask(scope, request, options),
        (event, active) => {
          if (event.type === "sources") active.setAttribute("hybridrag.results", event.sources.length);
          if (event.type === "text-delta" && content) answer += event.text;
          if (event.type !== "end") return;
          const { input_tokens, output_tokens, cost_usd } = event.usage;
          active.setAttributes({
            "hybridrag.evidence": event.evidence,
            "gen_ai.usage.input_tokens": input_tokens,
            "gen_ai.usage.output_tokens": output_tokens,
            "hybridrag.cost_usd": cost_usd,
            ...(content ? { "langfuse.observation.output": answer } : {}),
          });
        },
        { handedDown: sessionOf(request) },
      );
    },
    ingest: (scope, sources, options) =>
      spanStream(
        "hybridrag.ingest",
        { "hybridrag.sources": sources.length },
        () => rag.ingest(scope, sources, options),
        (event, active) => {
          if (event.type !== "summary") return;
          active.setAttributes({
            "hybridrag.documents": event.summary.documents,
            "hybridrag.chunks": event.summary.chunks,
          });
        },
      ),
  };
}

const asking = { "gen_ai.operation.name": "invoke_agent", "langfuse.observation.type": "agent" };

/** The request is not checked yet: only what is of the right type is taken. */
function described(request: unknown, content: boolean): Record<string, string | number> {
  const { query } = (request ?? {}) as { readonly query?: unknown };
  if (typeof query !== "string") return {};
  return { "hybridrag.query_length": query.length, ...(content ? { "langfuse.observation.input": query } : {}) };
}

/** The conversation that a body names, for a span and all inside it. */
export function sessionOf(request: unknown): Record<string, string> {
  const { session_id } = (request ?? {}) as { readonly session_id?: unknown };
  if (typeof session_id !== "string" || session_id.length > 200) return {};
  return { "session.id": session_id, "gen_ai.conversation.id": session_id };
}
