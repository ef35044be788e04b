import { z } from "zod";
import { Secret } from "../../secret.ts";
import type { ProviderFacts } from "../api-key.ts";
import type { Endpoint } from "../http.ts";
import { endpointOf, type ProviderOptions, withoutSlash } from "../provider-options.ts";

export const openaiFacts: ProviderFacts = {
  name: "OpenAI",
  keySetting: "OPENAI_API_KEY",
  keyPage: "https://platform.openai.com/api-keys",
};

const errorBody = z.object({
  error: z.object({
    message: z.string(),
    code: z.union([z.string(), z.number()]).nullish(),
    type: z.string().nullish(),
  }),
});

const noHeaders: Readonly<Record<string, string>> = {};

/** OpenAI, or by `baseUrl` a server that speaks its protocol (Ollama, vLLM, LM Studio), which may do without a key. */
export function openaiEndpoint(options: ProviderOptions): Endpoint {
  const own = options.baseUrl !== undefined && options.apiKey === undefined;
  const apiKey = own ? new Secret("none") : options.apiKey;
  return endpointOf(
    { ...options, apiKey },
    {
      facts: openaiFacts,
      address: (path, key) => ({
        url: withoutSlash(options.baseUrl ?? "https://api.openai.com/v1") + path,
        headers: own ? noHeaders : { authorization: `Bearer ${key.reveal()}` },
      }),
      readError(body) {
        const { message, code, type } = errorBody.parse(body).error;
        return { text: message, code: code == null ? (type ?? null) : String(code) };
      },
    },
  );
}
