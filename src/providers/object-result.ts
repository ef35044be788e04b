import { HybridRAGError } from "../errors.ts";
import type { FinishReason } from "../ports/language-model.ts";
import type { ProviderFacts } from "./api-key.ts";

/**
 * The JSON value of a structured answer; a refusal or a length stop leaves none. What a model wrote is paid for and is
 * not asked for again: such an error has a `finish_reason`, and says nothing of the provider's health.
 */
export function objectFrom(facts: ProviderFacts, text: string, reason: FinishReason): unknown {
  const fail = (what: string, cause?: unknown): HybridRAGError =>
    new HybridRAGError("provider_failed", `${facts.name}'s model ${what}.`, {
      retryable: false,
      details: { provider: facts.name, finish_reason: reason },
      cause,
    });
  if (reason === "refusal") throw fail("declined to answer");
  if (reason !== "stop") throw fail(`stopped before its JSON was complete (${reason})`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail("wrote a structured answer that is no JSON", cause);
  }
}
