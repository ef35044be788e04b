import { batches } from "./anthropic-batches.ts";
import { createMessage, type Memory } from "./anthropic-message.ts";
import { models } from "./anthropic-models.ts";
import { readCount, readCreate } from "./anthropic-request.ts";
import { newKey } from "./key.ts";
import {
  type ProviderRules,
  Refusal,
  type Standin,
  type StandinCall,
  type StandinOptions,
  type StandinReply,
  startServer,
} from "./server.ts";
import { hash } from "./words.ts";

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** A server that answers as `api.anthropic.com` does, for API versions 2026-10-21 and 2023-06-01. */
export async function anthropicStandin(options: StandinOptions = {}): Promise<Standin> {
  const key = options.key ?? newKey("sk-ant-api03-", 60);
  const server = await startServer(rules(key), options);
  return { ...server, name: "anthropic", key, environment: { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: server.url } };
}

function rules(key: string): ProviderRules {
  const memory: Memory = { cached: new Set(), batches: new Map(), calls: 0 };
  const refuse = (status: number, message: string, code: string | null): StandinReply => {
    const type = errorTypes[status] ?? "api_error";
    const details = code !== null && code !== type ? { details: { error_code: code } } : {};
    const id = `req_${hash(message + memory.calls++).toString(36)}`;
    return {
      status,
      headers: { "request-id": id },
      json: { type: "error", error: { type, message, ...details }, request_id: id },
    };
  };
  return {
    name: "anthropic",
    refuse,
    answer(call, fault) {
      authorize(call, key);
      if (call.path === "/v1/messages" && call.method === "POST") return createMessage(readCreate(call), fault, memory);
      if (call.path === "/v1/messages/count_tokens" && call.method === "POST")
        return { status: 200, json: { input_tokens: readCount(call) } };
      if (call.path === "/v1/models" && call.method === "GET") return models();
      if (call.path.startsWith("/v1/messages/batches")) return batches(call, memory);
      throw new Refusal(404, "Not Found", "not_found_error");
    },
  };
}

function authorize(call: StandinCall, key: string): void {
  const version = call.headers["anthropic-version"];
  if (version === undefined) throw new Refusal(400, "anthropic-version: header is required");
  if (version !== "2026-10-21" && version !== "2023-06-01")
    throw new Refusal(400, `anthropic-version: "${version}" is not a valid version`);
  const given = call.headers["x-api-key"] ?? call.headers["authorization"]?.replace(/^Bearer /, "");
  if (given === undefined) throw new Refusal(401, "x-api-key header or bearer token is required");
  if (given !== key) throw new Refusal(401, call.headers["x-api-key"] ? "invalid x-api-key" : "Invalid bearer token");
}
