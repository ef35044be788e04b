import { z } from "zod";
import type { Secret } from "../../secret.ts";
import type { ProviderFacts } from "../api-key.ts";
import type { Endpoint } from "../http.ts";
import { endpointOf, type ProviderOptions, withoutSlash } from "../provider-options.ts";

export const voyageFacts: ProviderFacts = {
  name: "Voyage AI",
  keySetting: "VOYAGE_API_KEY",
  keyPage: "https://dashboard.voyageai.com/ (pa-…) or MongoDB Atlas, AI Models (al-…)",
};

const errorBody = z.object({ detail: z.union([z.string(), z.array(z.object({ msg: z.string() }))]) });

/** Without a base URL the prefix of the key tells: `pa-` is Voyage AI, `al-` MongoDB Atlas. */
export function voyageEndpoint(options: ProviderOptions): Endpoint {
  return endpointOf(options, {
    facts: voyageFacts,
    timeoutMs: 60_000,
    address: (path, key) => ({
      url: withoutSlash(options.baseUrl ?? homeOf(key)) + path,
      headers: { authorization: `Bearer ${key.reveal()}` },
    }),
    readError(body) {
      const { detail } = errorBody.parse(body);
      return { text: typeof detail === "string" ? detail : detail.map(({ msg }) => msg).join("; "), code: null };
    },
  });
}

const homeOf = (key: Secret): string =>
  key.reveal().startsWith("al-") ? "https://ai.mongodb.com/v1" : "https://api.voyageai.com/v1";
