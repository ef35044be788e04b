import { z } from "zod";
import type { Secret } from "../../secret.ts";
import { type KeySource, keySource, type ProviderFacts } from "../api-key.ts";
import type { Endpoint, Fetch } from "../http.ts";

export const geminiFacts: ProviderFacts = {
  name: "Gemini",
  keySetting: "GEMINI_API_KEY",
  keyPage: "https://aistudio.google.com/apikey",
};

export interface GeminiOptions {
  readonly apiKey: Secret | KeySource | undefined;
  readonly fetch: Fetch;
  readonly baseUrl?: string | undefined;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

const errorBody = z.object({ error: z.object({ message: z.string(), status: z.string().nullish() }) });

export function geminiEndpoint(options: GeminiOptions): Endpoint {
  return {
    facts: geminiFacts,
    fetch: options.fetch,
    key: keySource(options.apiKey, geminiFacts),
    timeoutMs: options.timeoutMs ?? 120_000,
    now: options.now ?? Date.now,
    address: (path, key) => ({
      url: `${(options.baseUrl ?? "https://generativelanguage.googleapis.com").replace(/\/+$/, "")}${path}`,
      headers: { "x-goog-api-key": key.reveal() },
    }),
    readError(body) {
      const { message, status } = errorBody.parse(body).error;
      return { text: message, code: status ?? null };
    },
  };
}
