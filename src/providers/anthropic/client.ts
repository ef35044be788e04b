import type Anthropic from "@anthropic-ai/sdk";
import { isHybridRAGError } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { keySource, type ProviderFacts } from "../api-key.ts";
import { failureOf, retryAfterMs, timedOut, unreachable } from "../failure.ts";
import { optionalPackage } from "../optional-package.ts";
import type { ProviderOptions } from "../provider-options.ts";

export const anthropicFacts: ProviderFacts = {
  name: "Anthropic",
  keySetting: "ANTHROPIC_API_KEY",
  keyPage: "https://platform.claude.com/settings/keys",
};

export interface AnthropicClient {
  /** Runs a call with the present key, once more with a renewed one after a 401; translates what it throws. */
  run<T>(signal: AbortSignal | undefined, call: (client: Anthropic) => Promise<T>): Promise<T>;
  /** For errors that come out of a stream after `run` has returned. */
  translate(error: unknown, signal: AbortSignal | undefined): unknown;
}

/** The official SDK, loaded on first use, without its own retries and spans: both are ours. */
export function anthropicClient(options: ProviderOptions): AnthropicClient {
  const key = keySource(options.apiKey, anthropicFacts);
  const timeoutMs = options.timeoutMs ?? 120_000;
  let held: { readonly key: string; readonly client: Anthropic } | null = null;

  const sdk = () => optionalPackage("@anthropic-ai/sdk", "Anthropic", () => import("@anthropic-ai/sdk"));

  async function clientFor(secret: Secret): Promise<Anthropic> {
    if (held?.key === secret.reveal()) return held.client;
    const { default: Client } = await sdk();
    const client = new Client({
      apiKey: secret.reveal(),
      authToken: null,
      baseURL: options.baseUrl ?? "https://api.anthropic.com",
      fetch: options.fetch,
      maxRetries: 0,
      timeout: timeoutMs,
      openTelemetry: false,
      logLevel: "off",
    });
    held = { key: secret.reveal(), client };
    return client;
  }

  function translate(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (isHybridRAGError(error) || !(error instanceof Error)) return error;
    return translated(error, timeoutMs, (options.now ?? Date.now)());
  }

  async function run<T>(signal: AbortSignal | undefined, call: (client: Anthropic) => Promise<T>): Promise<T> {
    const secret = await key.get();
    const client = await clientFor(secret);
    try {
      return await call(client);
    } catch (error) {
      if ((error as { status?: unknown }).status !== 401) throw translate(error, signal);
      const renewed = await key.get(secret);
      if (renewed.reveal() === secret.reveal()) throw translate(error, signal);
    }
    try {
      return await call(await clientFor(await key.get()));
    } catch (error) {
      throw translate(error, signal);
    }
  }

  return { run, translate };
}

/** The SDK's errors by their fields: a class cannot be compared before its package is loaded. */
interface SdkError extends Error {
  readonly status?: number;
  readonly headers?: Headers;
  readonly type?: string | null;
  readonly error?: {
    readonly error?: { readonly message?: string; readonly details?: { readonly error_code?: string } };
  };
}

const statusOfType: Readonly<Record<string, number>> = { overloaded_error: 529, rate_limit_error: 429, api_error: 500 };

function translated(error: SdkError, timeoutMs: number, now: number): unknown {
  if (/timed? ?out/i.test(error.message) && error.status === undefined) return timedOut(anthropicFacts, timeoutMs);
  // An error event inside a stream has a type and no status.
  const status = error.status ?? statusOfType[error.type ?? ""];
  if (status === undefined) return unreachable(anthropicFacts, error);
  return failureOf(
    anthropicFacts,
    {
      status,
      text: error.error?.error?.message ?? "",
      code: error.error?.error?.details?.error_code ?? error.type ?? null,
      retryAfterMs: error.headers === undefined ? null : retryAfterMs(error.headers, now),
    },
    error,
  );
}
