import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { HybridRAGError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { fieldOf, locate, type SecretPlace } from "./secret-place.ts";
import type { SecretSource } from "./secret-source.ts";

export interface AwsSourceOptions {
  readonly region?: string | undefined;
  /** Another address, such as a stand-in's. */
  readonly endpoint?: string | undefined;
  /** Default: the AWS chain (environment, profile, role of the machine). */
  readonly credentials?: AwsCredentials | undefined;
  readonly place?: SecretPlace;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Of credentials that end. */
  readonly sessionToken?: Secret | undefined;
}

/** AWS Secrets Manager, by its official client, loaded on first use. */
export function awsSource(options: AwsSourceOptions = {}): SecretSource {
  let client: SecretsManagerClient | null = null;
  return {
    name: "aws",
    async get(name, signal) {
      const sdk = await load();
      client ??= new sdk.SecretsManagerClient(clientConfig(options));
      const { id, field } = locate(name, options.place);
      try {
        const found = await client.send(new sdk.GetSecretValueCommand({ SecretId: id }), { abortSignal: signal });
        const text = found.SecretString ?? Buffer.from(found.SecretBinary ?? []).toString("utf8");
        const value = field === null ? text : fieldOf(text, field, id);
        return value === null ? null : new Secret(value);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if ((error as Error).name === "ResourceNotFoundException") return null;
        throw translated(error);
      }
    },
  };
}

function clientConfig({ region, endpoint, credentials }: AwsSourceOptions) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId,
            secretAccessKey: credentials.secretAccessKey.reveal(),
            ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken.reveal() }),
          },
        }),
  };
}

async function load() {
  try {
    return await import("@aws-sdk/client-secrets-manager");
  } catch (cause) {
    const fix = "run `npm install @aws-sdk/client-secrets-manager`";
    throw new HybridRAGError("invalid_config", `AWS Secrets Manager needs its client: ${fix}.`, { cause });
  }
}

const transient = new Set([
  "ThrottlingException",
  "InternalServiceError",
  "InternalServiceErrorException",
  "TimeoutError",
]);

function translated(error: unknown): HybridRAGError {
  if (error instanceof HybridRAGError) return error;
  const { name, $metadata: metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = metadata?.httpStatusCode;
  if (status === undefined || status >= 500 || transient.has(name))
    return new HybridRAGError("provider_failed", `AWS Secrets Manager could not be asked (${name}).`, { cause: error });
  return new HybridRAGError(
    "invalid_config",
    `AWS Secrets Manager refused (${name}): check the credentials and that the role allows secretsmanager:GetSecretValue.`,
    { cause: error, details: { reason: name } },
  );
}
