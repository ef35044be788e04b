import { z } from "zod";
import type { Secret } from "../../secret.ts";
import { type KeySource, keySource, type ProviderFacts } from "../api-key.ts";
import type { Endpoint, Fetch } from "../http.ts";

export const voyageFacts: ProviderFacts = {
  name: "Voyage AI",
  keySetting: "VOYAGE_API_KEY",
  keyPage: "https://dashboard.voyageai.com/ (pa-…) or MongoDB Atlas, AI Models (al-…)",
};

export interface VoyageOptions {
  readonly apiKey: Secret | KeySource | undefined;
  readonly fetch: Fetch;
  /** Default: by the key's prefix, `pa-` Voyage AI, `al-` MongoDB Atlas. */
  readonly baseUrl?: string | undefined;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

const errorBody = z.object({ detail: z.union([z.string(), z.array(z.object({ msg: z.string() }))]) });

export function voyageEndpoint(options: VoyageOptions): Endpoint {
  return {
    facts: voyageFacts,
    fetch: options.fetch,
    key: keySource(options.apiKey, voyageFacts),
    timeoutMs: options.timeoutMs ?? 60_000,
    now: options.now ?? Date.now,
    address: (path, key) => ({
      url: `${(options.baseUrl ?? homeOf(key)).replace(/\/+$/, "")}${path}`,
      headers: { authorization: `Bearer ${key.reveal()}` },
    }),
    readError(body) {
      const { detail } = errorBody.parse(body);
      return { text: typeof detail === "string" ? detail : detail.map(({ msg }) => msg).join("; "), code: null };
    },
  };
}

const homeOf = (key: Secret): string =>
  key.reveal().startsWith("al-") ? "https://ai.mongodb.com/v1" : "https://api.voyageai.com/v1";
