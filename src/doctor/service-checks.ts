import type { Config } from "../config/config.ts";
import { type Check, failed, type Finding, ok, unknown, warning } from "./check.ts";

export interface ServiceParts {
  readonly config: Config;
  /** A running service, as its users reach it; null: only the settings are looked at. */
  readonly url: string | null;
  readonly fetch: typeof globalThis.fetch;
}

/** The guide's lines on the service: who may, what is observed, and whether it is alive and ready. */
export const serviceChecks = (parts: ServiceParts): readonly Check[] => [
  { id: "security.credentials", area: "security", run: async () => credentialFinding(parts.config) },
  { id: "security.https", area: "security", run: async () => httpsFinding(parts) },
  { id: "configuration.limits", area: "configuration", run: async () => limitFinding(parts.config) },
  { id: "observability.traces", area: "observability", run: async () => traceFinding(parts) },
  { id: "observability.metrics", area: "observability", run: async () => metricsFinding(parts.config) },
  { id: "observability.logs", area: "observability", run: async () => logFinding(parts.config) },
  ...["livez", "readyz"].map((path): Check => ({
    id: `operation.${path}`,
    area: "operation",
    run: () => probeFinding(parts, path),
  })),
];

function credentialFinding({ key_pepper: pepper, oidc_issuer: issuer }: Config): Finding {
  const ways = [pepper ? "API keys" : [], issuer ? `tokens of ${issuer}` : []].flat();
  if (ways.length > 0) return ok(`The service takes ${ways.join(" and ")}.`);
  return warning("The service would take no credential.", "Set HYBRIDRAG_KEY_PEPPER or HYBRIDRAG_OIDC_ISSUER.");
}

function httpsFinding({ config, url }: ServiceParts): Finding {
  const loopback = url === null || /^https?:\/\/(?:127\.|localhost|\[::1\])/.test(url);
  if (url !== null && !loopback && !url.startsWith("https:"))
    return failed(`${url} is not encrypted.`, "Put a balancer with TLS before it: deploy/nginx, deploy/haproxy.");
  if (!config.public_https)
    return warning("Browsers are not told to insist on HTTPS.", "Set HYBRIDRAG_PUBLIC_HTTPS=true behind TLS.");
  return ok("Browsers are told to insist on HTTPS.");
}

function limitFinding(config: Config): Finding {
  const { rate_limit_per_key: key, rate_limit_per_tenant: tenant, rate_limit_shared: isShared } = config;
  if (key === undefined && tenant === undefined)
    return warning("No credential has a limit of requests.", "Set HYBRIDRAG_RATE_LIMIT_PER_KEY or _PER_TENANT.");
  const message = `Requests a minute: ${key ?? "any number"} of a key, ${tenant ?? "any number"} of a tenant`;
  return ok(`${message}, counted ${isShared ? "for all servers together" : "by each server for itself"}.`);
}

async function traceFinding({ config, fetch }: ServiceParts): Promise<Finding> {
  const { langfuse_public_key: name, langfuse_secret_key: key, langfuse_base_url: base, otel_endpoint: otel } = config;
  if (name === undefined && otel === undefined)
    return warning(
      "No traces are kept.",
      "Set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, or OTEL_EXPORTER_OTLP_ENDPOINT.",
    );
  if (name === undefined) return ok(`Traces go to ${otel}.`);
  if (key === undefined) return failed("LANGFUSE_SECRET_KEY is missing.", "Set it beside LANGFUSE_PUBLIC_KEY.");
  const address = new URL("/api/public/health", base ?? "https://cloud.langfuse.com");
  const { status } = await fetch(address, { signal: AbortSignal.timeout(5000) });
  if (status === 200) return ok(`Traces go to Langfuse at ${address.origin}, which is well.`);
  return warning(
    `Langfuse at ${address.origin} answers ${status}.`,
    "Look at its status; requests do not wait for it.",
  );
}

const metricsFinding = ({ metrics_port: port }: Config): Finding =>
  port === undefined
    ? ok("/metrics stands on the service's port, behind a key with the scope admin.")
    : ok(`/metrics stands on port ${port}, without a credential: keep it inside.`);

const logFinding = ({ log_level: level }: Config): Finding =>
  level === "silent"
    ? failed("Nothing is logged.", "Set HYBRIDRAG_LOG_LEVEL=info.")
    : ok(`JSON lines on stderr from ${level} on, without questions or documents.`);

async function probeFinding({ url, fetch }: ServiceParts, path: string): Promise<Finding> {
  if (url === null) return unknown(`No service was named, so /${path} was not asked.`, "Run it again with --url.");
  const response = await fetch(new URL(`/${path}`, url), { signal: AbortSignal.timeout(5000) });
  const message = `${url}/${path} answers ${response.status}.`;
  return response.ok ? ok(message) : failed(message, "GET /healthz with an admin key says why.");
}
