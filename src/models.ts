/** `hybridrag/models`: adapters of providers and what is put around them, for pipelines of one's own. */
export { aiSdkModel, type AiSdkModel } from "./providers/ai-sdk/index.ts";
export * from "./providers/anthropic/index.ts";
export type { KeySource } from "./providers/api-key.ts";
export * from "./providers/gemini/index.ts";
export * from "./providers/openai/index.ts";
export * from "./providers/voyage/index.ts";
export * from "./secrets/index.ts";
export { breaker } from "./wrap/breaker.ts";
export { type BudgetLedger, budgetLedger, type Ceilings } from "./wrap/budget.ts";
export { cacheObjects, cacheReranker } from "./wrap/cache-model.ts";
export { cacheEmbedder } from "./wrap/cache.ts";
export { type Clock, systemClock } from "./wrap/clock.ts";
export { type Guard, guardEmbedder, guardModel, guardReranker, guards, type ProviderCall } from "./wrap/guard.ts";
export { type CallLimits, limit } from "./wrap/limit.ts";
export { pack } from "./wrap/pack.ts";
export { costOf, listPrices, type Price, priceOf, type PriceTable, withPrices } from "./wrap/prices.ts";
export { rateLimits } from "./wrap/rate-limits.ts";
export { retry } from "./wrap/retry.ts";
