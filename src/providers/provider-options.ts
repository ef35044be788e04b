import type { Secret } from "../secret.ts";
import { type KeySource, keySource } from "./api-key.ts";
import type { Endpoint, Fetch } from "./http.ts";

/** What every adapter of a provider takes. */
export interface ProviderOptions {
  readonly apiKey: Secret | KeySource | undefined;
  readonly fetch: Fetch;
  /** Default: the provider's own address. */
  readonly baseUrl?: string | undefined;
  /** Until an answer is complete; in a stream, until it begins and between two pieces. */
  readonly timeoutMs?: number;
  /** Epoch milliseconds, for `retry-after` dates. */
  readonly now?: () => number;
}

/** What is peculiar to a provider, with the options that all share. */
export const endpointOf = (
  options: ProviderOptions,
  own: Pick<Endpoint, "facts" | "address" | "readError"> & { readonly timeoutMs?: number },
): Endpoint => ({
  ...own,
  fetch: options.fetch,
  key: keySource(options.apiKey, own.facts),
  timeoutMs: options.timeoutMs ?? own.timeoutMs ?? 120_000,
  now: options.now ?? Date.now,
});

/** An address without the slashes at its end, so that a path can follow. */
export const withoutSlash = (address: string): string => address.replace(/\/+$/, "");
