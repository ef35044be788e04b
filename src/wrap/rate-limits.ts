import type { CallLimits } from "./limit.ts";

/**
 * What providers allow a new paying customer, by "provider/model" or "provider/*" (November 2026; Voyage: usage tier 1,
 * docs.voyageai.com/docs/rate-limits). Settings override them.
 */
const listed: Readonly<Record<string, CallLimits>> = {
  "voyage/voyage-4-large": { requestsPerMinute: 2000, tokensPerMinute: 3_000_000, parallel: 8 },
  "voyage/voyage-4": { requestsPerMinute: 2000, tokensPerMinute: 8_000_000, parallel: 8 },
  "voyage/voyage-4-lite": { requestsPerMinute: 2000, tokensPerMinute: 16_000_000, parallel: 8 },
  "voyage/voyage-context-3": { requestsPerMinute: 2000, tokensPerMinute: 3_000_000, parallel: 8 },
  "voyage/voyage-context-4": { requestsPerMinute: 2000, tokensPerMinute: 3_000_000, parallel: 8 },
  "voyage/rerank-2.5": { requestsPerMinute: 2000, tokensPerMinute: 2_000_000, parallel: 16 },
  "voyage/rerank-2.5-lite": { requestsPerMinute: 2000, tokensPerMinute: 4_000_000, parallel: 16 },
  "voyage/*": { requestsPerMinute: 2000, tokensPerMinute: 2_000_000, parallel: 8 },
  "anthropic/*": { requestsPerMinute: 1000, tokensPerMinute: 2_000_000, parallel: 32 },
  "openai/*": { requestsPerMinute: 3000, tokensPerMinute: 1_000_000, parallel: 16 },
  "gemini/*": { requestsPerMinute: 1000, tokensPerMinute: 1_000_000, parallel: 8 },
};

export type RateOverrides = Readonly<Record<string, Partial<CallLimits>>>;

/** Limits by provider and model, the most exact entry first; null for a provider that has none. */
export const rateLimits =
  (overrides: RateOverrides = {}) =>
  (provider: string, model: string): CallLimits | null => {
    const base = listed[`${provider}/${model}`] ?? listed[`${provider}/*`] ?? null;
    const own = overrides[`${provider}/${model}`] ?? overrides[`${provider}/*`];
    if (own === undefined) return base;
    return { requestsPerMinute: 1000, tokensPerMinute: 1_000_000, parallel: 8, ...base, ...own };
  };
