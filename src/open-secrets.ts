import { resolve } from "node:path";
import type { Config } from "./config/config.ts";
import { HybridRAGError } from "./errors.ts";
import { Secret } from "./secret.ts";
import {
  awsSource,
  environmentSource,
  gcpSource,
  secretChain,
  secretFile,
  type SecretChain,
  type SecretFile,
  type SecretSource,
} from "./secrets/index.ts";

/** The places that the settings name, in their order. A place that is not set up is left out. */
export function openSecrets(config: Config, fetch: typeof globalThis.fetch): SecretChain {
  const sources = config.secrets
    .split(",")
    .map((name) => name.trim())
    .flatMap((name) => sourceOf(name, config, fetch) ?? []);
  return secretChain({ sources });
}

function sourceOf(name: string, config: Config, fetch: typeof globalThis.fetch): SecretSource | null {
  switch (name) {
    case "environment":
      return environmentSource({
        VOYAGE_API_KEY: config.voyage_api_key,
        ANTHROPIC_API_KEY: config.anthropic_api_key,
        OPENAI_API_KEY: config.openai_api_key,
        GEMINI_API_KEY: config.gemini_api_key,
      });
    case "aws":
      return config.aws_secret === undefined ? null : awsSource({ place: { secret: config.aws_secret } });
    case "gcp":
      return config.gcp_secrets_project === undefined ? null : gcpOf(config, config.gcp_secrets_project, fetch);
    case "file":
      return config.encryption_key === undefined ? null : openSecretFile(config);
    default:
      throw new HybridRAGError(
        "invalid_config",
        `HYBRIDRAG_SECRETS names "${name}"; it is a list of environment, aws, gcp and file.`,
        { details: { setting: "HYBRIDRAG_SECRETS" } },
      );
  }
}

function gcpOf(config: Config, project: string, fetch: typeof globalThis.fetch): SecretSource {
  const token = config.gcp_access_token;
  return gcpSource({
    project,
    fetch,
    endpoint: config.gcp_secrets_endpoint,
    ...(token === undefined ? {} : { accessToken: async () => token }),
  });
}

/** The encrypted file, for reading and for `hybridrag secrets`. Several keys, by commas: the first writes. */
export function openSecretFile(config: Config): SecretFile {
  const keys = config.encryption_key?.reveal().split(",") ?? [];
  return secretFile({
    path: config.secrets_file ?? resolve(config.data_dir, "secrets"),
    keys: keys.map((key) => new Secret(key)),
  });
}
