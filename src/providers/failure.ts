import { HybridRAGError } from "../errors.ts";
import { redact } from "../redact.ts";
import { type ProviderFacts, refusedKey } from "./api-key.ts";

/** A provider's answer that is no success, as far as it may be kept. */
export interface FailedResponse {
  readonly status: number;
  /** The provider's own words; shown redacted and shortened. */
  readonly text: string;
  readonly retryAfterMs: number | null;
  /** The provider's stable code, where it has one. */
  readonly code: string | null;
}

/** Translates a response into our errors: what may be repeated, what the caller must change, what the operator must. */
export function failureOf(facts: ProviderFacts, response: FailedResponse, cause?: unknown): HybridRAGError {
  const { status, code } = response;
  const text = shown(response.text);
  const details = {
    provider: facts.name,
    status,
    ...(code === null ? {} : { provider_code: code }),
    ...(response.retryAfterMs === null ? {} : { retry_after_ms: response.retryAfterMs }),
  };
  const fail = (kind: ConstructorParameters<typeof HybridRAGError>[0], message: string, retryable?: boolean) =>
    new HybridRAGError(kind, message, { details, cause, retryable });
  if (status === 401 || (status === 403 && !spent(response)) || /api key not valid/i.test(response.text))
    return refusedKey(facts, status, cause);
  if (status === 402 || spent(response))
    return fail("provider_failed", `${facts.name} has no credit left for this key (HTTP ${status}): ${text}`, false);
  if (status === 429) return fail("rate_limited", `${facts.name} limits this key at the moment (HTTP 429).`);
  if (status === 408 || status === 409 || status >= 500)
    return fail("provider_failed", `${facts.name} failed (HTTP ${status}). Try again later.`, true);
  if (status === 413 || isTokenOverflow(response))
    return fail("too_large", `${facts.name} refused a request that is too large: ${text}`);
  if (status === 404 || isUnknownModel(response))
    return fail("invalid_config", `${facts.name} does not have what was asked for; check the model's name: ${text}`);
  return fail("invalid_input", `${facts.name} refused a request (HTTP ${status}): ${text}`);
}

const spent = ({ code, text }: FailedResponse): boolean =>
  /spend_limit_reached|insufficient_quota|billing/.test(code ?? "") || /insufficient[_ ]quota/i.test(text);

/** Voyage and others say so with a 400. */
const isUnknownModel = ({ status, text }: FailedResponse): boolean =>
  status === 400 && /\bmodel\b.{1,80}\b(?:is not supported|does not exist|not found)/i.test(text);

const isTokenOverflow = ({ text, code }: FailedResponse): boolean =>
  code === "context_length_exceeded" ||
  code === "max_tokens_per_request" ||
  (/token/i.test(text) &&
    /max|limit|too (?:long|large|many)|lower|exceed/i.test(text) &&
    !/max_(?:completion_)?tokens/.test(text));

const shown = (text: string): string => redact(text.split("\n", 1)[0] ?? "").slice(0, 200);

/** No answer at all. */
export const unreachable = (facts: ProviderFacts, cause: unknown): HybridRAGError =>
  new HybridRAGError("provider_failed", `${facts.name} could not be reached or broke off (${causeCode(cause)}).`, {
    details: { provider: facts.name },
    cause,
  });

export const timedOut = (facts: ProviderFacts, timeoutMs: number): HybridRAGError =>
  new HybridRAGError("deadline_exceeded", `${facts.name} did not answer within ${timeoutMs} ms.`, {
    details: { provider: facts.name, timeout_ms: timeoutMs },
  });

/** A success that cannot be read. */
export const unusable = (facts: ProviderFacts, what: string, cause?: unknown): HybridRAGError =>
  new HybridRAGError("provider_failed", `${facts.name} answered something unusable: ${what}.`, {
    details: { provider: facts.name },
    cause,
  });

/** `ECONNREFUSED` and the like stand in the innermost cause. */
function causeCode(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as Error & { code?: unknown }).code;
    if (typeof code === "string") return code;
  }
  return "connection failed";
}

/** Seconds or a date, as in RFC 9110; `retry-after-ms` is a dialect of some providers. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const milliseconds = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds);
  const value = headers.get("retry-after");
  if (value === null) return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
