export { anthropicStandin } from "./anthropic.ts";
export { awsSecretsStandin, type SecretsStandin } from "./aws-secrets.ts";
export type { Fault, FaultScript } from "./fault.ts";
export { gcpSecretsStandin } from "./gcp-secrets.ts";
export { geminiStandin } from "./gemini.ts";
export type { RateLimits } from "./limits.ts";
export { openaiStandin } from "./openai.ts";
export { type JournalEntry, type Standin, type StandinOptions } from "./server.ts";
export { voyageStandin } from "./voyage.ts";
