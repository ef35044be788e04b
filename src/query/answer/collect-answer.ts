import { HybridRAGError } from "../../errors.ts";
import { type Answer, type AnswerEvent, noUsage } from "./answer-event.ts";

/**
 * The whole answer out of its events.
 * @throws HybridRAGError `provider_failed` when the stream ended without `end`: half an answer is none.
 */
export async function collectAnswer(events: AsyncIterable<AnswerEvent>): Promise<Answer> {
  let answer: Answer = {
    question: "",
    answer: "",
    evidence: "none",
    abstained: true,
    citations: [],
    sources: [],
    warnings: [],
    usage: noUsage,
    timings_ms: {},
  };
  let ended = false;
  for await (const event of events) {
    answer = withEvent(answer, event);
    ended = event.type === "end";
  }
  if (!ended) throw new HybridRAGError("provider_failed", "The answer was cut off before its end; ask again.");
  return answer;
}

function withEvent(answer: Answer, event: AnswerEvent): Answer {
  switch (event.type) {
    case "sources":
      return {
        ...answer,
        question: event.question,
        sources: event.sources,
        ...(event.communities ? { communities: event.communities } : {}),
      };
    case "text-delta":
      return { ...answer, answer: answer.answer + event.text };
    case "citation":
      return { ...answer, citations: [...answer.citations, event.citation] };
    case "warning":
      return { ...answer, warnings: [...answer.warnings, event.warning] };
    case "end": {
      const { evidence, abstained, usage, timings_ms } = event;
      return { ...answer, evidence, abstained, usage, timings_ms };
    }
  }
}
