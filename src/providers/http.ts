import type { z } from "zod";
import { type HybridRAGError, isHybridRAGError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { KeySource, ProviderFacts } from "./api-key.ts";
import { type FailedResponse, failureOf, retryAfterMs, timedOut, unreachable, unusable } from "./failure.ts";
import { eventData } from "./event-stream.ts";

export type Fetch = typeof globalThis.fetch;

/** One provider as this file talks to it. Nothing else under `providers/` calls `fetch`. */
export interface Endpoint {
  readonly facts: ProviderFacts;
  readonly fetch: Fetch;
  readonly key: KeySource;
  /** Address and headers follow from the key. */
  address(path: string, key: Secret): { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  /** The provider's words and code out of an error's body. */
  readError(body: unknown): { readonly text: string; readonly code: string | null };
  /** Until the answer is complete; in a stream, between two pieces. */
  readonly timeoutMs: number;
  /** Epoch milliseconds, for `retry-after` dates. */
  readonly now: () => number;
}

export interface Posting {
  readonly path: string;
  readonly body: unknown;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends JSON and reads JSON.
 * @throws HybridRAGError `provider_failed`, `rate_limited`, `invalid_config`, `invalid_input`, `too_large`,
 * `deadline_exceeded`; the signal's reason when it was cancelled.
 */
export async function postJson<T>(endpoint: Endpoint, posting: Posting, schema: z.ZodType<T>): Promise<T> {
  const timeout = AbortSignal.timeout(endpoint.timeoutMs);
  const signal = posting.signal === undefined ? timeout : AbortSignal.any([posting.signal, timeout]);
  try {
    const response = await post(endpoint, posting, signal);
    const body = parsed(endpoint, await response.text());
    const result = schema.safeParse(body);
    if (result.success) return result.data;
    throw unusable(endpoint.facts, `field ${result.error.issues[0]?.path.join(".") ?? ""} is missing or wrong`);
  } catch (error) {
    throw translated(endpoint, posting, timeout, error);
  }
}

/** Sends JSON and yields the `data:` of each event as it comes. Breaking out of the loop cancels the request. */
export async function* postStream(endpoint: Endpoint, posting: Posting): AsyncGenerator<string> {
  const quit = new AbortController();
  const idle = new AbortController();
  const signal = AbortSignal.any([quit.signal, idle.signal, ...(posting.signal === undefined ? [] : [posting.signal])]);
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => idle.abort(), endpoint.timeoutMs);
  };
  try {
    wait();
    const response = await post(endpoint, posting, signal);
    for await (const data of eventData(response, wait)) yield data;
  } catch (error) {
    throw translated(endpoint, posting, idle.signal, error);
  } finally {
    clearTimeout(timer);
    quit.abort();
  }
}

function translated(endpoint: Endpoint, posting: Posting, timeout: AbortSignal, error: unknown): unknown {
  if (isHybridRAGError(error)) return error;
  if (posting.signal?.aborted) return posting.signal.reason;
  if (timeout.aborted) return timedOut(endpoint.facts, endpoint.timeoutMs);
  return unreachable(endpoint.facts, error);
}

/** A refused key is asked for again once: it may have been rotated. */
async function post(endpoint: Endpoint, posting: Posting, signal: AbortSignal): Promise<Response> {
  const key = await endpoint.key.get();
  const response = await send(endpoint, posting, signal, key);
  if (response.status !== 401) return succeeded(endpoint, response);
  const renewed = await endpoint.key.get(key);
  if (renewed.reveal() === key.reveal()) return succeeded(endpoint, response);
  await response.body?.cancel();
  return succeeded(endpoint, await send(endpoint, posting, signal, renewed));
}

function send(endpoint: Endpoint, posting: Posting, signal: AbortSignal, key: Secret): Promise<Response> {
  const { url, headers } = endpoint.address(posting.path, key);
  return endpoint.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(posting.body),
    signal,
    redirect: "error",
  });
}

async function succeeded(endpoint: Endpoint, response: Response): Promise<Response> {
  if (response.ok) return response;
  throw await failed(endpoint, response);
}

async function failed(endpoint: Endpoint, response: Response): Promise<HybridRAGError> {
  const raw = await response.text().catch(() => "");
  let read: Pick<FailedResponse, "text" | "code"> = { text: "", code: null };
  try {
    read = endpoint.readError(JSON.parse(raw));
  } catch {
    // A proxy's HTML page says nothing that helps; the status does.
  }
  const retryAfter = retryAfterMs(response.headers, endpoint.now());
  return failureOf(endpoint.facts, { ...read, status: response.status, retryAfterMs: retryAfter });
}

function parsed(endpoint: Endpoint, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(endpoint.facts, "a body that is no JSON", cause);
  }
}
