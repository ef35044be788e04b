import { z } from "zod";
import { HybridRAGError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { crc32c } from "./crc32c.ts";
import { fieldOf, locate, type SecretPlace } from "./secret-place.ts";
import type { SecretSource } from "./secret-source.ts";

export interface GcpSourceOptions {
  readonly project: string;
  readonly fetch: typeof globalThis.fetch;
  readonly endpoint?: string | undefined;
  /** Default: the credentials of the machine, by `google-auth-library`. */
  readonly accessToken?: () => Promise<Secret>;
  readonly place?: SecretPlace;
  readonly timeoutMs?: number;
}

const answer = z.object({ payload: z.object({ data: z.string(), dataCrc32c: z.string().optional() }) });

/** GCP Secret Manager over REST: its official client would bring twenty megabytes of gRPC for one GET. */
export function gcpSource(options: GcpSourceOptions): SecretSource {
  const token = options.accessToken ?? machineToken();
  const endpoint = options.endpoint ?? "https://secretmanager.googleapis.com";
  return {
    name: "gcp",
    async get(name, signal) {
      const { id, field } = locate(name, options.place);
      const path = `/v1/projects/${encodeURIComponent(options.project)}/secrets/${encodeURIComponent(id)}/versions/latest:access`;
      const text = await access(options, `${endpoint}${path}`, await token(), signal);
      if (text === null) return null;
      const value = field === null ? text : fieldOf(text, field, id);
      return value === null ? null : new Secret(value);
    },
  };
}

async function access(
  { fetch, timeoutMs = 10_000 }: GcpSourceOptions,
  url: string,
  token: Secret,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const ends = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token.reveal()}` }, signal: ends });
    if (response.status === 404) return null;
    if (!response.ok) throw refused(response.status);
    const { data, dataCrc32c } = answer.parse(await response.json()).payload;
    const bytes = Buffer.from(data, "base64");
    if (dataCrc32c !== undefined && Number(dataCrc32c) !== crc32c(bytes))
      throw new HybridRAGError("provider_failed", "A secret from GCP arrived damaged (CRC-32C).");
    return bytes.toString("utf8");
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof HybridRAGError) throw error;
    // A parser's message could hold the secret, so the cause stays behind.
    throw new HybridRAGError("provider_failed", "GCP Secret Manager could not be asked.");
  }
}

const refused = (status: number): HybridRAGError =>
  status === 429 || status >= 500
    ? new HybridRAGError("provider_failed", `GCP Secret Manager failed (HTTP ${status}).`)
    : new HybridRAGError(
        "invalid_config",
        `GCP Secret Manager refused (HTTP ${status}): check the credentials and the role roles/secretmanager.secretAccessor.`,
        { details: { status } },
      );

/** Application default credentials; the library keeps the token until it ends. */
function machineToken(): () => Promise<Secret> {
  const scopes = ["https://www.googleapis.com/auth/cloud-platform"];
  return async () => {
    const { GoogleAuth } = await load();
    const token = await new GoogleAuth({ scopes }).getAccessToken();
    if (typeof token !== "string")
      throw new HybridRAGError("invalid_config", "This machine has no Google credentials.");
    return new Secret(token);
  };
}

async function load() {
  try {
    return await import("google-auth-library");
  } catch (cause) {
    const fix = "run `npm install google-auth-library`";
    throw new HybridRAGError("invalid_config", `GCP Secret Manager needs Google's credentials library: ${fix}.`, {
      cause,
    });
  }
}
