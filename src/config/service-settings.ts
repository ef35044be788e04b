import { z } from "zod";
import { flag, list, number, secret, setting, whole, type Setting } from "./setting.ts";

/** Settings of `hybridrag serve`. */
export const serviceSettings = {
  host: setting(
    "HYBRIDRAG_HOST",
    "service",
    z.string().min(1).default("127.0.0.1"),
    "Address that the service listens on; 0.0.0.0 is every one. `--dev` stays on loopback.",
  ),
  port: setting(
    "HYBRIDRAG_PORT",
    "service",
    whole.min(0).max(65_535).default(8080),
    "Port of the service; 0 takes a free one.",
  ),
  key_pepper: secret(
    "HYBRIDRAG_KEY_PEPPER",
    "service",
    "At least 32 random characters, the same on every server: API keys are stored as an HMAC under it.",
  ),
  oidc_issuer: setting(
    "HYBRIDRAG_OIDC_ISSUER",
    "service",
    z.url().optional(),
    "Identity provider whose tokens are taken beside API keys.",
  ),
  oidc_audience: setting(
    "HYBRIDRAG_OIDC_AUDIENCE",
    "service",
    z.string().min(1).default("hybridrag"),
    "Audience that a token must name.",
  ),
  oidc_jwks_uri: setting(
    "HYBRIDRAG_OIDC_JWKS_URI",
    "service",
    z.url().optional(),
    "Keys of the identity provider; default: what its discovery document names.",
  ),
  oidc_tenant_claim: setting(
    "HYBRIDRAG_OIDC_TENANT_CLAIM",
    "service",
    z.string().min(1).default("tenant"),
    "Claim that holds the tenant.",
  ),
  oidc_principals_claim: setting(
    "HYBRIDRAG_OIDC_PRINCIPALS_CLAIM",
    "service",
    z.string().min(1).default("groups"),
    "Claim that holds the names that access lists may have.",
  ),
  rate_limit_per_key: setting(
    "HYBRIDRAG_RATE_LIMIT_PER_KEY",
    "service",
    whole.min(1).optional(),
    "Requests a minute of one credential; unset is no limit.",
  ),
  rate_limit_per_tenant: setting(
    "HYBRIDRAG_RATE_LIMIT_PER_TENANT",
    "service",
    whole.min(1).optional(),
    "Requests a minute of one tenant; unset is no limit.",
  ),
  rate_limit_shared: setting(
    "HYBRIDRAG_RATE_LIMIT_SHARED",
    "service",
    flag.default(false),
    "Count in the store, for several servers with one limit; it costs a write a request.",
  ),
  max_in_flight: setting(
    "HYBRIDRAG_MAX_IN_FLIGHT",
    "service",
    whole.min(1).default(256),
    "Requests that are worked on at once; what comes on top gets a 503 at once.",
  ),
  max_event_loop_delay_ms: setting(
    "HYBRIDRAG_MAX_EVENT_LOOP_DELAY_MS",
    "service",
    whole.min(1).default(1000),
    "Requests get a 503 while the process is later than this.",
  ),
  body_limit_kb: setting(
    "HYBRIDRAG_BODY_LIMIT_KB",
    "service",
    whole.min(1).default(1024),
    "Larger bodies get a 413. Documents have limits of their own.",
  ),
  ingest_body_limit_mb: setting(
    "HYBRIDRAG_INGEST_BODY_LIMIT_MB",
    "service",
    whole.min(1).default(32),
    "The same for the body of POST /v1/ingest; an uploaded file may have HYBRIDRAG_MAX_FILE_MB.",
  ),
  request_timeout_ms: setting(
    "HYBRIDRAG_REQUEST_TIMEOUT_MS",
    "service",
    whole.min(100).default(120_000),
    "Time that a request may take to arrive.",
  ),
  cors_origins: setting(
    "HYBRIDRAG_CORS_ORIGINS",
    "service",
    list,
    "Origins whose pages may call the service, such as https://app.example.com.",
  ),
  trusted_proxies: setting(
    "HYBRIDRAG_TRUSTED_PROXIES",
    "service",
    list,
    "Addresses or networks of the balancer, whose forwarding headers are believed.",
  ),
  public_https: setting(
    "HYBRIDRAG_PUBLIC_HTTPS",
    "service",
    flag.default(false),
    "The public address is https, so browsers are told to insist on it.",
  ),
  metrics_port: setting(
    "HYBRIDRAG_METRICS_PORT",
    "service",
    whole.min(0).max(65_535).optional(),
    "Port of its own for /metrics, without a credential; else /metrics needs an admin key.",
  ),
  health_probe_seconds: setting(
    "HYBRIDRAG_HEALTH_PROBE_SECONDS",
    "service",
    number.min(0.1).default(30),
    "How often the store is looked at for readiness and gauges.",
  ),
  drain_delay_ms: setting(
    "HYBRIDRAG_DRAIN_DELAY_MS",
    "service",
    whole.min(0).default(3000),
    "After SIGTERM, time in which the balancer learns that no more may be sent here.",
  ),
  drain_timeout_ms: setting(
    "HYBRIDRAG_DRAIN_TIMEOUT_MS",
    "service",
    whole.min(0).default(20_000),
    "After that, time in which requests in flight may finish.",
  ),
} as const satisfies Record<string, Setting>;
