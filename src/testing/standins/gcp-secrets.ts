import type { SecretsStandin } from "./aws-secrets.ts";
import { newKey } from "./key.ts";
import { type ProviderRules, Refusal, type StandinOptions, startServer } from "./server.ts";

/** A server that answers `versions/…:access` as GCP Secret Manager's REST interface does. `key` is the access token. */
export async function gcpSecretsStandin(
  options: StandinOptions & { readonly secrets?: Readonly<Record<string, string>>; readonly project?: string } = {},
): Promise<SecretsStandin> {
  const key = options.key ?? newKey("ya29.", 60);
  const project = options.project ?? "standin-project";
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const server = await startServer(rules(key, project, secrets), options);
  return {
    ...server,
    name: "gcp-secrets",
    key,
    secrets,
    environment: {
      HYBRIDRAG_GCP_SECRETS_ENDPOINT: server.url,
      HYBRIDRAG_GCP_ACCESS_TOKEN: key,
      HYBRIDRAG_GCP_SECRETS_PROJECT: project,
    },
  };
}

const statusNames: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

function rules(key: string, project: string, secrets: ReadonlyMap<string, string>): ProviderRules {
  return {
    name: "gcp-secrets",
    refuse: (status, message) => ({
      status,
      json: { error: { code: status, message, status: statusNames[status] ?? "INTERNAL" } },
    }),
    answer(call) {
      if (call.headers["authorization"] !== `Bearer ${key}`)
        throw new Refusal(401, "Request had invalid authentication credentials.");
      const found = /^\/v1\/projects\/([^/]+)\/secrets\/([^/]+)\/versions\/([^/:]+):access$/.exec(call.path);
      if (found === null || call.method !== "GET") throw new Refusal(404, "The requested URL was not found.");
      const [, owner, name, version] = found.map((part) => decodeURIComponent(part));
      if (owner !== project) throw new Refusal(403, `Permission denied on project ${owner}.`);
      const value = secrets.get(name ?? "");
      if (value === undefined) throw new Refusal(404, `Secret [projects/${owner}/secrets/${name}] not found.`);
      if (version !== "latest" && version !== "1")
        throw new Refusal(404, `Secret Version [projects/${owner}/secrets/${name}/versions/${version}] not found.`);
      const data = Buffer.from(value);
      return {
        status: 200,
        json: {
          name: `projects/123/secrets/${name}/versions/1`,
          payload: { data: data.toString("base64"), dataCrc32c: String(crc32c(data)) },
        },
      };
    },
  };
}

/** CRC-32C (Castagnoli), bit by bit: the slow, obvious version that the product's faster one is checked against. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
