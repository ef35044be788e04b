import { z } from "zod";
import { newKey } from "./key.ts";
import { type ProviderRules, Refusal, type Standin, type StandinOptions, startServer } from "./server.ts";

export interface SecretsStandin extends Standin {
  /** What the server holds; change it to rotate a secret. */
  readonly secrets: Map<string, string>;
}

const getBody = z.strictObject({
  SecretId: z.string().min(1).max(2048),
  VersionStage: z.string().optional(),
  VersionId: z.string().optional(),
});

/** A server that answers `GetSecretValue` as AWS Secrets Manager does. It checks the form of the signature, not its value. */
export async function awsSecretsStandin(
  options: StandinOptions & { readonly secrets?: Readonly<Record<string, string>> } = {},
): Promise<SecretsStandin> {
  const key = options.key ?? newKey("AKIA", 16).toUpperCase();
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const server = await startServer(rules(key, secrets), options);
  return {
    ...server,
    name: "aws-secrets",
    key,
    secrets,
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: newKey("", 40),
      AWS_REGION: "eu-central-1",
    },
  };
}

function rules(key: string, secrets: ReadonlyMap<string, string>): ProviderRules {
  return {
    name: "aws-secrets",
    refuse: (status, message, code) => ({
      status,
      headers: { "content-type": "application/x-amz-json-1.1" },
      json: { __type: code ?? (status >= 500 ? "InternalServiceError" : "ThrottlingException"), Message: message },
    }),
    answer(call) {
      const signature =
        /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[\w-]+\/secretsmanager\/aws4_request, ?SignedHeaders=[\w;-]+, ?Signature=[0-9a-f]{64}$/;
      const signer = signature.exec(call.headers["authorization"] ?? "")?.[1];
      if (signer === undefined)
        throw new Refusal(400, "Request is missing Authentication Token", "MissingAuthenticationTokenException");
      if (signer !== key)
        throw new Refusal(400, "The security token included in the request is invalid.", "UnrecognizedClientException");
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
          ARN: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${parsed.data.SecretId}-AbCdEf`,
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
