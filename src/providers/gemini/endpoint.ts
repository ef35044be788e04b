import { z } from "zod";
import type { ProviderFacts } from "../api-key.ts";
import type { Endpoint } from "../http.ts";
import { endpointOf, type ProviderOptions, withoutSlash } from "../provider-options.ts";

export const geminiFacts: ProviderFacts = {
  name: "Gemini",
  keySetting: "GEMINI_API_KEY",
  keyPage: "https://aistudio.google.com/apikey",
};

const errorBody = z.object({ error: z.object({ message: z.string(), status: z.string().nullish() }) });

export const geminiEndpoint = (options: ProviderOptions): Endpoint =>
  endpointOf(options, {
    facts: geminiFacts,
    address: (path, key) => ({
      url: withoutSlash(options.baseUrl ?? "https://generativelanguage.googleapis.com") + path,
      headers: { "x-goog-api-key": key.reveal() },
    }),
    readError(body) {
      const { message, status } = errorBody.parse(body).error;
      return { text: message, code: status ?? null };
    },
  });
