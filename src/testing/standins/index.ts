export { anthropicStandin } from "./anthropic.ts";
export { awsSecretsStandin, type SecretsStandin } from "./aws-secrets.ts";
export type { Fault } from "./fault.ts";
export { gcpSecretsStandin } from "./gcp-secrets.ts";
export { geminiStandin } from "./gemini.ts";
export { openaiStandin } from "./openai.ts";
export {
  langfuseStandin,
  type LangfuseReceiver,
  otlpStandin,
  type ReceivedScore,
  type ReceivedSpan,
  type SpanReceiver,
} from "./otlp.ts";
export type { Standin, StandinOptions } from "./server.ts";
export { voyageStandin } from "./voyage.ts";
