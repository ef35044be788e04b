import { messageOf } from "../errors.ts";
import type { HybridRAG, QueryOptions } from "../hybridrag.ts";
import type { AgentMemory } from "../memory/agent-memory.ts";
import { retrieval } from "../observe/observe-ports.ts";
import { span } from "../observe/span.ts";
import type { AnswerEvent } from "../query/answer/answer-event.ts";
import type { Warning } from "../records.ts";
import type { Scope } from "../scope.ts";

/** What of a memory fits beside the sources is decided later; more than these are never of use. */
const mostMemories = 10;

interface Recalled {
  readonly memories: readonly string[];
  readonly warning: Warning | null;
}

/**
 * Answers with what an agent remembers that bears on the question. An answer does not fail because its memories
 * cannot be had: it says so.
 */
export async function* recalledAsk(
  { rag, agents }: { readonly rag: HybridRAG; readonly agents: AgentMemory },
  scope: Scope,
  request: { readonly query: string },
  agentId: string | null | undefined,
  options: QueryOptions,
): AsyncGenerator<AnswerEvent, void> {
  if (agentId == null) return yield* rag.ask(scope, request, options);
  const { memories, warning } = await recall(agents, scope, agentId, request.query, options.signal);
  for await (const event of rag.ask(scope, request, { ...options, memories })) {
    if (event.type === "end" && warning !== null) yield { type: "warning", warning };
    yield event;
  }
}

async function recall(
  agents: AgentMemory,
  scope: Scope,
  agentId: string,
  query: string,
  signal: AbortSignal | undefined,
): Promise<Recalled> {
  try {
    const request = { query, limit: mostMemories };
    const found = await span("hybridrag.recall", retrieval, () =>
      agents.recall(scope, agentId, request, signal ? { signal } : {}),
    );
    return { memories: found.map(({ content }) => content), warning: null };
  } catch (error) {
    if (signal?.aborted) throw error;
    const message = `What the agent ${agentId} remembers could not be looked up: ${messageOf(error)}`;
    return { memories: [], warning: { code: "memories_not_recalled", message } };
  }
}
