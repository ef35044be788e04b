/**
 * Fetches what a web address leads to, for ingestion. Whoever names the address need not be trusted: nothing is fetched
 * from where only this machine or its network can reach, unless the operator allowed it.
 *
 * @throws HybridRAGError `unreadable` for an address that may not be fetched, `not_found`, `too_large`,
 * `deadline_exceeded`, `provider_failed` when it does not answer; the signal's reason when it was cancelled.
 */
export type PageFetcher = (
  address: URL,
  limits: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
) => Promise<FetchedPage>;

export interface FetchedPage {
  readonly bytes: Uint8Array;
  /** As the server calls it, without parameters; null when it says nothing. */
  readonly mime: string | null;
}
