import { z } from "zod";
import { newKey } from "./key.ts";
import { type ProviderRules, Refusal, type Standin, type StandinOptions, startServer } from "./server.ts";
import { checkSignature, type Signer } from "./signature.ts";

export interface SecretsStandin extends Standin {
  /** What the server holds; change it to rotate a secret. */
  readonly secrets: Map<string, string>;
}

const getBody = z.strictObject({
  SecretId: z.string().min(1).max(2048),
  VersionStage: z.string().optional(),
  VersionId: z.string().optional(),
});

export interface AwsStandin extends SecretsStandin {
  /** Whose signatures are accepted. */
  readonly signer: Signer;
}

const region = "eu-central-1";

/** A server that answers `GetSecretValue` as AWS Secrets Manager does, and verifies the signature of each request. */
export async function awsSecretsStandin(
  options: StandinOptions & {
    readonly secrets?: Readonly<Record<string, string>>;
    /** Accept only credentials that end, with the session token that goes with them. */
    readonly temporary?: boolean;
  } = {},
): Promise<AwsStandin> {
  const key = options.key ?? newKey(options.temporary ? "ASIA" : "AKIA", 16).toUpperCase();
  const sessionToken = options.temporary ? newKey("IQoJ", 60) : null;
  const signer: Signer = { accessKeyId: key, secretAccessKey: newKey("", 40), sessionToken };
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const server = await startServer(rules(signer, secrets, options.now ?? Date.now), options);
  return {
    ...server,
    name: "aws-secrets",
    key,
    secrets,
    signer,
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: signer.secretAccessKey,
      ...(sessionToken === null ? {} : { AWS_SESSION_TOKEN: sessionToken }),
      AWS_REGION: region,
    },
  };
}

function rules(signer: Signer, secrets: ReadonlyMap<string, string>, now: () => number): ProviderRules {
  return {
    name: "aws-secrets",
    refuse: (status, message, code) => ({
      status,
      headers: { "content-type": "application/x-amz-json-1.1" },
      json: { __type: code ?? (status >= 500 ? "InternalServiceError" : "ThrottlingException"), Message: message },
    }),
    answer(call) {
      if (call.method !== "POST" || call.path !== "/") throw new Refusal(404, "Not Found", "UnknownOperationException");
      checkSignature(call, signer, { region, service: "secretsmanager", now: now() });
      const target = call.headers["x-amz-target"];
      if (target !== "secretsmanager.GetSecretValue")
        throw new Refusal(400, `Unknown operation ${target}`, "UnknownOperationException");
      const parsed = getBody.safeParse(call.body);
      if (!parsed.success) throw new Refusal(400, "Invalid request provided", "ValidationException");
      const value = secrets.get(parsed.data.SecretId);
      if (value === undefined)
        throw new Refusal(400, "Secrets Manager can't find the specified secret.", "ResourceNotFoundException");
      return {
        status: 200,
        headers: { "content-type": "application/x-amz-json-1.1" },
        json: {
          ARN: `arn:aws:secretsmanager:${region}:123456789012:secret:${parsed.data.SecretId}-AbCdEf`,
          Name: parsed.data.SecretId,
          VersionId: "00000000-0000-4000-8000-000000000001",
          SecretString: value,
          VersionStages: ["AWSCURRENT"],
          CreatedDate: 1_763_000_000,
        },
      };
    },
  };
}
