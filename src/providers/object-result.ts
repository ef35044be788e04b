import { HybridRAGError } from "../errors.ts";
import type { FinishReason } from "../ports/language-model.ts";
import type { ProviderFacts } from "./api-key.ts";
import { unusable } from "./failure.ts";

/** The JSON value of a structured answer; a refusal or a length stop leaves none. */
export function objectFrom(facts: ProviderFacts, text: string, reason: FinishReason): unknown {
  if (reason !== "stop")
    throw new HybridRAGError(
      "provider_failed",
      reason === "refusal"
        ? `${facts.name}'s model declined to answer.`
        : `${facts.name}'s model stopped before its JSON was complete (${reason}).`,
      { retryable: false, details: { provider: facts.name, finish_reason: reason } },
    );
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(facts, "a structured answer that is no JSON", cause);
  }
}
