import { z } from "zod";
import { Secret } from "../../secret.ts";
import { type KeySource, keySource, type ProviderFacts } from "../api-key.ts";
import type { Endpoint, Fetch } from "../http.ts";

export const openaiFacts: ProviderFacts = {
  name: "OpenAI",
  keySetting: "OPENAI_API_KEY",
  keyPage: "https://platform.openai.com/api-keys",
};

export interface OpenAIOptions {
  /** A server of one's own (a base URL) may do without. */
  readonly apiKey: Secret | KeySource | undefined;
  readonly fetch: Fetch;
  /** Of OpenAI or of a server that speaks its protocol: Ollama `http://localhost:11434/v1`, vLLM, LM Studio. */
  readonly baseUrl?: string | undefined;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

const errorBody = z.object({
  error: z.object({
    message: z.string(),
    code: z.union([z.string(), z.number()]).nullish(),
    type: z.string().nullish(),
  }),
});

const noHeaders: Readonly<Record<string, string>> = {};

export function openaiEndpoint(options: OpenAIOptions): Endpoint {
  const own = options.baseUrl !== undefined && options.apiKey === undefined;
  return {
    facts: openaiFacts,
    fetch: options.fetch,
    key: keySource(own ? new Secret("none") : options.apiKey, openaiFacts),
    timeoutMs: options.timeoutMs ?? 120_000,
    now: options.now ?? Date.now,
    address: (path, key) => ({
      url: `${(options.baseUrl ?? "https://api.openai.com/v1").replace(/\/+$/, "")}${path}`,
      headers: own ? noHeaders : { authorization: `Bearer ${key.reveal()}` },
    }),
    readError(body) {
      const { message, code, type } = errorBody.parse(body).error;
      return { text: message, code: code == null ? (type ?? null) : String(code) };
    },
  };
}
